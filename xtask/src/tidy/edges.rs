//! Which crate may use which: the floors of ARCHITECTURE.md as a table that cargo's own view is held against.

use super::{Rule, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// A crate, its floor, and the crates of ours that it may use. An edge more is a decision: it is added here and in
/// ARCHITECTURE.md, in a change of its own.
pub(super) struct Room {
    pub(super) name: &'static str,
    pub(super) floor: u8,
    pub(super) uses: &'static [&'static str],
}

pub(super) const ROOMS: &[Room] = &[
    Room { name: "protocol", floor: 0, uses: &[] },
    Room { name: "testkit", floor: 0, uses: &["protocol"] },
    Room { name: "package", floor: 1, uses: &["protocol"] },
    Room { name: "state", floor: 1, uses: &["protocol"] },
    Room { name: "link", floor: 1, uses: &["protocol"] },
    Room { name: "isolate", floor: 1, uses: &["protocol"] },
    Room { name: "broker", floor: 2, uses: &["protocol"] },
    Room { name: "egress", floor: 3, uses: &["protocol", "broker"] },
    Room { name: "kernel", floor: 3, uses: &["protocol", "package", "state", "link", "broker"] },
    Room { name: "sandbox", floor: 4, uses: &["protocol", "isolate", "broker", "egress", "kernel"] },
    Room { name: "effects", floor: 4, uses: &["protocol", "state", "broker", "egress", "kernel"] },
    Room { name: "ai", floor: 4, uses: &["protocol"] },
    Room { name: "mcp", floor: 5, uses: &["protocol", "package", "broker", "egress", "kernel"] },
    Room { name: "gateway", floor: 5, uses: &["protocol", "state", "link"] },
    Room {
        name: "assembly",
        floor: 6,
        uses: &[
            "protocol", "package", "state", "link", "isolate", "broker", "egress", "kernel", "sandbox", "effects",
            "gateway", "mcp",
        ],
    },
    Room { name: "cli", floor: 7, uses: &["protocol", "assembly"] },
    Room { name: "xtask", floor: 7, uses: &["protocol"] },
];

/// A crate and what it must never reach, however many steps away. A room that does not exist yet is not looked at.
struct Wall {
    from: &'static str,
    never: &'static [&'static str],
    /// Rooms whose own choices do not count: their vendors are hidden behind their traits.
    beyond: &'static [&'static str],
    why: &'static str,
}

const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "async-executor", "async-io", "mio", "futures-executor"];

/// Names that would tie the kernel to a vendor or a transport. Not complete, and cannot be; the edges table and
/// `crates/clippy.toml` hold the rest.
const VENDORS_AND_TRANSPORTS: &[&str] = &[
    "async-nats",
    "async-openai",
    "axum",
    "candle-core",
    "deadpool-postgres",
    "genai",
    "hyper",
    "jsonrpsee",
    "libsql",
    "llama-cpp-2",
    "paho-mqtt",
    "quinn",
    "redis",
    "reqwest",
    "rmcp",
    "rquickjs",
    "rumqttc",
    "rusqlite",
    "rustls",
    "sqlx",
    "tokio-postgres",
    "tokio-tungstenite",
    "tonic",
    "tungstenite",
    "ureq",
    "wasmtime",
    "zbus",
];

const WALLS: &[Wall] = &[
    Wall { from: "protocol", never: RUNTIMES, beyond: &[], why: "protocol is data only" },
    Wall { from: "broker", never: RUNTIMES, beyond: &[], why: "a decision waits for nothing" },
    Wall {
        from: "kernel",
        never: VENDORS_AND_TRANSPORTS,
        beyond: &["state"],
        why: "kernel names no vendor and no transport",
    },
    Wall {
        from: "relay",
        never: &["kernel", "broker", "sandbox"],
        beyond: &[],
        why: "relay forwards, and sees nothing",
    },
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "crates use only what their floor allows",
        fix: "call through a crate that may, or decide the edge: ROOMS in xtask/src/tidy/edges.rs and ARCHITECTURE.md",
        find: forbidden_edges,
    },
    Rule {
        name: "ARCHITECTURE.md has the table of crates and edges",
        fix: "make the crate table of ARCHITECTURE.md and ROOMS in xtask/src/tidy/edges.rs say the same",
        find: undocumented_edges,
    },
    Rule {
        name: "nothing is reached through a wall",
        fix: "move what needs it to a crate on a higher floor",
        find: broken_walls,
    },
];

/// Kinds of dependency that end up in the product, and those that only tests have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Product,
    Tests,
}

/// The edges that cargo sees, ours and foreign: who, whom, kind.
fn edges(tree: &Tree) -> Vec<(String, String, Kind)> {
    let mut edges = Vec::new();
    for package in tree.metadata["packages"].as_array().into_iter().flatten() {
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let kind = if dependency["kind"] == "dev" { Kind::Tests } else { Kind::Product };
            if let (Some(from), Some(to)) = (package["name"].as_str(), dependency["name"].as_str()) {
                edges.push((from.to_owned(), to.to_owned(), kind));
            }
        }
    }
    edges
}

fn rooms_of(tree: &Tree) -> BTreeSet<String> {
    let packages = tree.metadata["packages"].as_array();
    packages.into_iter().flatten().filter_map(|package| package["name"].as_str()).map(str::to_owned).collect()
}

fn forbidden_edges(tree: &Tree) -> Vec<String> {
    let present = rooms_of(tree);
    let room = |name: &str| ROOMS.iter().find(|room| room.name == name);
    let mut found: Vec<_> = present
        .iter()
        .filter(|name| room(name).is_none())
        .map(|name| format!("{name}: this crate stands on no floor"))
        .collect();
    for (from, to, kind) in edges(tree) {
        let (Some(user), Some(used)) = (room(&from), room(&to)) else { continue };
        // Tests may also stand on their own floor: a sandbox is tested with real effects beside it.
        let allowed = match kind {
            Kind::Product => user.uses.contains(&used.name),
            Kind::Tests => used.floor <= user.floor,
        };
        if !allowed {
            found.push(format!("{from} -> {to}: this edge is not in the table"));
        }
    }
    found
}

fn undocumented_edges(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text("ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md: is missing".to_owned()];
    };
    let written = crate_table(text);
    let ours: BTreeMap<_, _> =
        ROOMS.iter().map(|room| (room.name, (room.floor, room.uses.iter().copied().collect()))).collect();
    let mut found = Vec::new();
    for name in ours.keys().chain(written.keys()).collect::<BTreeSet<_>>() {
        match (ours.get(name), written.get(name)) {
            (Some(table), Some(page)) if table == page => {}
            (Some(_), None) => found.push(format!("ARCHITECTURE.md: has no row for `{name}`")),
            (None, _) => found.push(format!("ARCHITECTURE.md: `{name}` is not in ROOMS")),
            (Some((floor, uses)), Some((page_floor, page_uses))) => found.push(format!(
                "ARCHITECTURE.md: `{name}` stands on floor {page_floor} and uses {page_uses:?}, in ROOMS {floor}, {uses:?}"
            )),
        }
    }
    found
}

/// Rows of the form "| `name` | floor | what | `uses`, `uses` |".
fn crate_table(text: &str) -> BTreeMap<&str, (u8, BTreeSet<&str>)> {
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, floor, _, uses] = cells.as_slice() else { continue };
        let (Some(name), Ok(floor)) = (in_backticks(name).next(), floor.parse()) else { continue };
        rows.insert(name, (floor, in_backticks(uses).collect()));
    }
    rows
}

fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn broken_walls(tree: &Tree) -> Vec<String> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = tree.text("Cargo.lock").map(locked).unwrap_or_default();
    let rooms = rooms_of(tree);
    // Cargo.lock mixes what tests need into our own crates; for those, cargo's own view counts.
    for room in &rooms {
        uses.insert(room.clone(), BTreeSet::new());
    }
    for (from, to, kind) in edges(tree) {
        if kind == Kind::Product {
            uses.entry(from).or_default().insert(to);
        }
    }
    let mut found = Vec::new();
    for wall in WALLS.iter().filter(|wall| rooms.contains(wall.from)) {
        let mut way: BTreeMap<&str, &str> = BTreeMap::new();
        let mut next = vec![wall.from];
        while let Some(here) = next.pop() {
            if wall.beyond.contains(&here) {
                continue;
            }
            for there in uses.get(here).into_iter().flatten() {
                if there != wall.from && !way.contains_key(there.as_str()) {
                    way.insert(there, here);
                    next.push(there);
                }
            }
        }
        for never in wall.never.iter().filter(|never| way.contains_key(**never)) {
            let mut steps = vec![*never];
            while let Some(before) = steps.last().and_then(|step| way.get(step)) {
                steps.push(before);
            }
            steps.reverse();
            found.push(format!("{}: {}", steps.join(" -> "), wall.why));
        }
    }
    found
}

/// Who needs whom, by name, as Cargo.lock has it. Versions of one name are taken together: a wall forbids all.
fn locked(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut name = "";
    let mut in_list = false;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("name = ") {
            name = rest.trim_matches('"');
        } else if line.starts_with("dependencies = [") {
            in_list = !line.ends_with(']');
        } else if line == "]" {
            in_list = false;
        } else if in_list {
            let entry = line.trim().trim_matches(|letter| matches!(letter, '"' | ','));
            let needed = entry.split(' ').next().unwrap_or(entry);
            uses.entry(name.to_owned()).or_default().insert(needed.to_owned());
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_with};
    use super::*;
    use serde_json::{Value, json};

    /// What cargo says about crates with these product and test dependencies.
    fn metadata(packages: &[(&str, &[&str], &[&str])]) -> Value {
        let dependency = |kind: Value| move |name: &&str| json!({"name": name, "kind": kind});
        let packages: Vec<_> = packages
            .iter()
            .map(|(name, product, tests)| {
                let product = product.iter().map(dependency(Value::Null));
                let dependencies: Vec<_> = product.chain(tests.iter().map(dependency(json!("dev")))).collect();
                json!({"name": name, "dependencies": dependencies})
            })
            .collect();
        json!({"packages": packages})
    }

    #[test]
    fn each_room_uses_only_lower_floors() {
        for room in ROOMS {
            for used in room.uses {
                let used = ROOMS.iter().find(|known| known.name == *used).expect("is a room");
                assert!(used.floor < room.floor || room.name == "testkit", "{} -> {}", room.name, used.name);
            }
        }
    }

    #[test]
    fn an_edge_upwards_is_found() {
        let rule = "crates use only what their floor allows";
        let rooms: &[(&str, &[&str], &[&str])] =
            &[("protocol", &["serde"], &[]), ("broker", &["protocol"], &["testkit"]), ("testkit", &["protocol"], &[])];
        check_with(rule, &[], metadata(rooms), &[]);
        check_with(
            rule,
            &[],
            metadata(&[("protocol", &["kernel"], &["effects"]), ("cellar", &[], &[])]),
            &[
                "cellar: this crate stands on no floor",
                "protocol -> kernel: this edge is not in the table",
                "protocol -> effects: this edge is not in the table",
            ],
        );
        // The cli may use assembly, and assembly the state; that does not make the second edge the cli's.
        check_with(rule, &[], metadata(&[("cli", &["state"], &[])]), &["cli -> state: this edge is not in the table"]);
    }

    fn page(change: impl Fn(&Room) -> Option<String>) -> String {
        let row = |room: &Room| {
            let uses: Vec<_> = room.uses.iter().map(|used| format!("`{used}`")).collect();
            change(room).unwrap_or_else(|| format!("| `{}` | {} | x | {} |\n", room.name, room.floor, uses.join(", ")))
        };
        ROOMS.iter().map(row).collect()
    }

    #[test]
    fn a_table_that_says_something_else_is_found() {
        let rule = "ARCHITECTURE.md has the table of crates and edges";
        check(rule, &[("ARCHITECTURE.md", &page(|_| None))], &[]);
        check(rule, &[], &["ARCHITECTURE.md: is missing"]);
        let forgotten = page(|room| (room.name == "link").then(String::new));
        check(rule, &[("ARCHITECTURE.md", &forgotten)], &["ARCHITECTURE.md: has no row for `link`"]);
        let more = page(|_| None) + "| `cellar` | 1 | x | – |\n";
        check(rule, &[("ARCHITECTURE.md", &more)], &["ARCHITECTURE.md: `cellar` is not in ROOMS"]);
        let other = page(|room| (room.name == "link").then(|| "| `link` | 2 | x | – |\n".to_owned()));
        check(
            rule,
            &[("ARCHITECTURE.md", &other)],
            &["ARCHITECTURE.md: `link` stands on floor 2 and uses {}, in ROOMS 1, {\"protocol\"}"],
        );
    }

    #[test]
    fn a_way_through_a_wall_is_found_and_shown() {
        let rule = "nothing is reached through a wall";
        let lock = "[[package]]\nname = \"sleepy\"\ndependencies = [\n \"mio 1.0.0\",\n]\n";
        let rooms = metadata(&[
            ("protocol", &["sleepy"], &["tokio"]),
            ("kernel", &["state", "broker", "tokio"], &[]),
            ("state", &["rusqlite"], &[]),
            ("broker", &["hyper"], &[]),
        ]);
        check_with(
            rule,
            &[("Cargo.lock", lock)],
            rooms,
            &[
                "protocol -> sleepy -> mio: protocol is data only",
                "kernel -> broker -> hyper: kernel names no vendor and no transport",
            ],
        );
        let relay = metadata(&[("relay", &["kernel"], &[]), ("kernel", &[], &[])]);
        check_with(rule, &[], relay, &["relay -> kernel: relay forwards, and sees nothing"]);
    }
}
