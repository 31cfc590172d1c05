//! Whether one scope holds all of another: what was agreed to need not be agreed to again when an upgrade asks for less.
//! In doubt it does not, and a person looks at it.

use protocol::{HostRule, Scope, TopicPattern};

/// Whether whoever may do all of `held` may do all of `asked`.
pub fn covers(held: &Scope, asked: &Scope) -> bool {
    if held == asked {
        return true;
    }
    match (held, asked) {
        (Scope::File { access, folders }, Scope::File { access: asked_access, folders: asked }) => {
            access == asked_access && is_part(asked, folders)
        }
        (Scope::Storage { quota_bytes }, Scope::Storage { quota_bytes: asked }) => asked <= quota_bytes,
        // A rule names a host, and a host that is named may be a private one: that is more than any public host.
        (Scope::Network { rules }, Scope::Network { rules: asked }) => {
            !asked.is_empty() && asked.iter().all(|asked| rules.iter().any(|rule| rule_covers(rule, asked)))
        }
        (Scope::Shell { commands }, Scope::Shell { commands: asked }) => is_part(asked, commands),
        (Scope::Ai { models, budget_micros }, Scope::Ai { models: asked, budget_micros: asked_micros }) => {
            let is_cheaper = match (budget_micros, asked_micros) {
                (Some(held), Some(asked)) => asked <= held,
                (held, asked) => held == asked,
            };
            is_cheaper && (models == asked || is_part(asked, models))
        }
        (
            Scope::Mcp { server, tools, alias },
            Scope::Mcp { server: asked_server, tools: asked, alias: asked_alias },
        ) => (server, alias) == (asked_server, asked_alias) && (tools.is_empty() || is_part(asked, tools)),
        (Scope::Event { publish, listen }, Scope::Event { publish: asked_publish, listen: asked_listen }) => {
            are_among(asked_publish, publish) && are_among(asked_listen, listen)
        }
        (Scope::Secret { name, hosts }, Scope::Secret { name: asked_name, hosts: asked }) => {
            name == asked_name && is_part(asked, hosts)
        }
        // Another pattern or another time is another reason to start.
        _ => false,
    }
}

/// Whether everything asked for is among what is held. None of it means any of it, so it is no part of some.
fn is_part<T: PartialEq>(asked: &[T], held: &[T]) -> bool {
    !asked.is_empty() && asked.iter().all(|asked| held.contains(asked))
}

/// Whether whoever may do what one rule says may do what another says.
pub(crate) fn rule_covers(held: &HostRule, asked: &HostRule) -> bool {
    held.host == asked.host
        && held.port == asked.port
        && (held.methods.is_empty() || is_part(&asked.methods, &held.methods))
        && (held.paths.is_empty() || is_part(&asked.paths, &held.paths))
}

fn are_among(asked: &[String], held: &[String]) -> bool {
    let held: Vec<TopicPattern> = held.iter().filter_map(|topic| topic.parse().ok()).collect();
    asked.iter().all(|asked| held.iter().any(|held| held.covers(asked)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::FileAccess;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn files(folders: &[&str]) -> Scope {
        Scope::File { access: FileAccess::Read, folders: texts(folders) }
    }

    fn hosts(rules: &[(&str, &[&str], &[&str])]) -> Scope {
        let rule = |(host, methods, paths): &(&str, &[&str], &[&str])| HostRule {
            host: (*host).to_owned(),
            port: None,
            methods: texts(methods),
            paths: texts(paths),
            by_owner: false,
        };
        Scope::Network { rules: rules.iter().map(rule).collect() }
    }

    fn event(publish: &[&str], listen: &[&str]) -> Scope {
        Scope::Event { publish: texts(publish), listen: texts(listen) }
    }

    #[test]
    fn less_is_covered_and_more_is_not() {
        let storage = |quota_bytes| Scope::Storage { quota_bytes };
        let ai = |models: &[&str], budget_micros| Scope::Ai { models: texts(models), budget_micros };
        let mcp =
            |server: &str, tools: &[&str]| Scope::Mcp { server: server.to_owned(), tools: texts(tools), alias: false };
        let secret = |name: &str, hosts: &[&str]| Scope::Secret { name: name.to_owned(), hosts: texts(hosts) };
        let cron = |cron: &str| Scope::Schedule { cron: cron.to_owned() };
        let trigger = |regex: &str| Scope::Trigger { regex: regex.to_owned(), reads_all: false };
        let shell = |commands: &[&[&str]]| Scope::Shell { commands: commands.iter().map(|one| texts(one)).collect() };
        let writes = Scope::File { access: FileAccess::Write, folders: texts(&["~/a"]) };
        for (held, asked, expected) in [
            (files(&["~/a", "~/b"]), files(&["~/b"]), true),
            (files(&["~/a"]), files(&["~/a", "~/b"]), false),
            (files(&["~/a"]), files(&["~/a/b"]), false),
            // Any folder that the owner picks is no part of some, and a folder that is named was not picked.
            (files(&["~/a"]), files(&[]), false),
            (files(&[]), files(&["~/a"]), false),
            (files(&["~/a"]), writes, false),
            (storage(10), storage(9), true),
            (storage(10), storage(11), false),
            (hosts(&[("a.org", &[], &[])]), hosts(&[("a.org", &["GET"], &["/v1"])]), true),
            (hosts(&[("a.org", &["GET"], &[])]), hosts(&[("a.org", &[], &[])]), false),
            (hosts(&[("a.org", &["GET"], &[])]), hosts(&[("a.org", &["GET", "POST"], &[])]), false),
            (hosts(&[("a.org", &[], &["/v1"])]), hosts(&[("a.org", &[], &["/v2"])]), false),
            (hosts(&[("a.org", &[], &[])]), hosts(&[("a.org", &[], &[]), ("b.org", &[], &[])]), false),
            (hosts(&[("a.org", &[], &[])]), hosts(&[]), false),
            (hosts(&[]), hosts(&[("192.168.1.1", &[], &[])]), false),
            (shell(&[&["git", "log"], &["ls"]]), shell(&[&["ls"]]), true),
            (shell(&[&["ls"]]), shell(&[]), false),
            (ai(&["a", "b"], None), ai(&["a"], None), true),
            (ai(&["a"], None), ai(&[], None), false),
            (ai(&[], Some(5)), ai(&[], Some(4)), true),
            (ai(&[], Some(5)), ai(&[], None), false),
            (ai(&[], None), ai(&[], Some(5)), false),
            (mcp("a", &[]), mcp("a", &["x"]), true),
            (mcp("a", &["x"]), mcp("a", &[]), false),
            (mcp("a", &[]), mcp("b", &["x"]), false),
            (event(&["home.*"], &[]), event(&["home.door"], &[]), true),
            (event(&["home.door"], &[]), event(&["home.*"], &[]), false),
            (event(&[], &["system.tick"]), event(&[], &["system.tick", "user.message"]), false),
            (event(&[], &["user.image"]), event(&[], &["user.*"]), false),
            (secret("k", &["a.org", "b.org"]), secret("k", &["a.org"]), true),
            (secret("k", &["a.org"]), secret("k", &["b.org"]), false),
            (cron("0 8 * * *"), cron("* * * * *"), false),
            (trigger("^a"), trigger("a"), false),
            (Scope::Gpu, Scope::Gpu, true),
            (Scope::Gpu, Scope::View, false),
        ] {
            assert_eq!(covers(&held, &asked), expected, "{held:?} {asked:?}");
            assert!(covers(&held, &held) && covers(&asked, &asked));
        }
    }
}
