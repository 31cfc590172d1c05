//! What tools leave behind is read again before it counts.

use crate::{
    launching::found,
    support::{fixture, planned},
};
use mcp::import::{
    Act, Pin, Purpose, PythonTool, Resolve, System, manifest_version, pin_npm, pin_pypi, requirements_of_report, steps,
};
use serde_json::{Value, json};

const HOME: &str = "/srv/oikos/homes/0/files/home";
const NAME: &str = "@modelcontextprotocol/server-filesystem";

fn lock(change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut lock: Value = serde_json::from_slice(&fixture("lock/package-lock.json")).unwrap();
    change(&mut lock);
    lock.to_string().into_bytes()
}

#[test]
fn npms_lock_names_one_version_with_digests() {
    let pin = pin_npm(&lock(|_| {}), NAME, "latest", None).unwrap();
    assert_eq!(pin.version, "2026.8.31");
    assert_eq!(pin.command, ["node", "install/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js"]);
    assert_eq!((pin.packages, pin.scripts_left_out.as_slice()), (2, &["esbuild".to_owned()][..]));
    let refused = |change: fn(&mut Value), why: &str| {
        let notice = pin_npm(&lock(change), NAME, "latest", None).unwrap_err();
        assert!(notice.message.contains(why), "{notice}");
    };
    refused(|lock| lock["lockfileVersion"] = json!(1), "form");
    refused(|lock| lock["packages"]["node_modules/esbuild"]["integrity"] = Value::Null, "no digest");
    refused(
        |lock| lock["packages"]["node_modules/esbuild"]["resolved"] = json!("git+ssh://git@example.com/x"),
        "elsewhere",
    );
    refused(|lock| lock["packages"]["node_modules/esbuild"]["link"] = json!(true), "no package");
    refused(|lock| lock["packages"]["../x"] = json!({}), "no package");
    refused(
        |lock| lock["packages"][&format!("node_modules/{NAME}")]["bin"] = json!({"x": "../../../etc/x"}),
        "leads out",
    );
    refused(|lock| lock["packages"][&format!("node_modules/{NAME}")]["bin"] = Value::Null, "no program");
    assert!(pin_npm(b"{", NAME, "latest", None).is_err());
    assert!(pin_npm(&lock(|_| {}), NAME, "latest", Some("other")).is_err());
}

#[test]
fn pythons_list_names_one_version_with_digests() {
    let digest = "a".repeat(64);
    let list = format!(
        "# made\nmcp-server-time==2025.8.4 \\\n    --hash=sha256:{digest}\ntzdata==2025.2 --hash=sha256:{digest} --hash=sha256:{digest}\n"
    );
    let pin = pin_pypi(&list, "mcp_server.time", "mcp-server-time", None, System::Linux).unwrap();
    assert_eq!((pin.version.as_str(), pin.packages), ("2025.8.4", 2));
    assert_eq!(pin.command, ["python3", "install/site/bin/mcp-server-time"]);
    for bad in [
        "x==1.0\n",
        "x>=1\n",
        &format!("--index-url https://example.com\n{list}"),
        &format!("{list}-e .\n"),
        "x @ https://example.com/x.whl\n",
        "",
    ] {
        assert!(pin_pypi(bad, "x", "x", None, System::Linux).is_err(), "{bad}");
    }
    let report = json!({ "install": [{
        "metadata": { "name": "MCP_Server.Time", "version": "1.0" },
        "download_info": { "url": "https://files.pythonhosted.org/packages/a/b/x-1.0-py3-none-any.whl", "archive_info": { "hashes": { "sha256": digest } } },
    }]});
    assert_eq!(
        requirements_of_report(report.to_string().as_bytes()).unwrap(),
        format!("mcp-server-time==1.0 --hash=sha256:{digest}\n")
    );
    for (pointer, value) in [
        ("/install/0/download_info/url", json!("https://example.com/x.whl")),
        ("/install/0/download_info/url", json!("https://files.pythonhosted.org/x.tar.gz")),
        ("/install/0/download_info/archive_info/hashes/sha256", json!("abc")),
    ] {
        let mut bad = report.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(requirements_of_report(bad.to_string().as_bytes()).is_err());
    }
}

#[test]
fn both_of_pythons_tools_pin_the_same() {
    let name = "mcp-server-time";
    let resolve = Resolve::PyPi {
        requirement: name.to_owned(),
        name: name.to_owned(),
        program: name.to_owned(),
        with: Vec::new(),
        python: None,
        with_prereleases: false,
    };
    let pin = |file: &str, tool| resolve.pin(&fixture(file), tool, System::Linux).unwrap();
    let (uv, pip) = (pin("lock/requirements.txt", PythonTool::Uv), pin("lock/report.json", PythonTool::Pip));
    assert_eq!((uv.version.as_str(), uv.packages), ("2026.10.19", 3));
    assert_eq!((&uv.version, &uv.command, uv.packages), (&pip.version, &pip.command, pip.packages));
    // pip names the one file that it took; uv every file of the version.
    let digests = |pin: &Pin| -> Vec<String> {
        let words = pin.lock["requirements.txt"].split_whitespace();
        words.filter_map(|word| word.strip_prefix("--hash=sha256:")).map(str::to_owned).collect()
    };
    assert!(digests(&pip).len() == 3 && digests(&pip).iter().all(|digest| digests(&uv).contains(digest)));
}

#[test]
fn the_same_pin_gives_the_same_package() {
    let proposal = planned(&found(&json!({ "command": "npx", "args": ["-y", NAME, "/home/ada/Desktop"] })));
    assert!(proposal.finish(None, HOME).is_none());
    let pin = pin_npm(&lock(|_| {}), NAME, "latest", None).unwrap();
    let bytes = |pin: &Pin| package::pack(&proposal.finish(Some(pin), HOME).unwrap().files).unwrap();
    assert_eq!(bytes(&pin), bytes(&pin.clone()));
    let finished = proposal.finish(Some(&pin), HOME).unwrap();
    let files: Vec<&str> = finished.files.keys().map(String::as_str).collect();
    assert_eq!(files, ["install/import.json", "install/package-lock.json", "install/package.json", "kimai.json"]);
    let manifest: Value = serde_json::from_slice(&finished.files["kimai.json"]).unwrap();
    assert_eq!(manifest["version"], "2026.8.31");
    assert_eq!(
        manifest["entry"]["command"],
        json!(["node", format!("install/node_modules/{NAME}/dist/index.js"), "/home/ada/Desktop"])
    );
}

#[test]
fn steps_run_no_script_and_reach_only_registries() {
    for resolve in [
        Resolve::Npm { name: NAME.to_owned(), range: "latest".to_owned(), program: None },
        Resolve::PyPi {
            requirement: "mcp-server-time".to_owned(),
            name: "mcp-server-time".to_owned(),
            program: "mcp-server-time".to_owned(),
            with: vec!["tzdata".to_owned()],
            python: Some("3.12".to_owned()),
            with_prereleases: false,
        },
    ] {
        for tool in [PythonTool::Uv, PythonTool::Pip] {
            let steps = steps(&resolve, tool, System::Linux);
            for step in &steps {
                let Act::Run { argv, files, .. } = &step.act else { panic!("{step:?}") };
                assert!(argv.iter().all(|word| !word.contains("mcp-server-time") && !word.contains(NAME)), "{step:?}");
                assert_eq!(files.is_empty(), step.purpose == Purpose::Install);
                let has = |word: &str| argv.iter().any(|given| given == word);
                if argv[0] == "npm" {
                    assert!(has("--ignore-scripts"));
                } else {
                    assert!(has("--only-binary=:all:") || has("--no-build"), "{step:?}");
                    assert_eq!(has("--require-hashes"), step.purpose == Purpose::Install, "{step:?}");
                }
            }
            insta::assert_snapshot!(
                format!(
                    "steps_{}",
                    match (&resolve, tool) {
                        (Resolve::Npm { .. }, _) => "npm",
                        (_, PythonTool::Uv) => "uv",
                        (_, PythonTool::Pip) => "pip",
                    }
                ),
                serde_json::to_string_pretty(&steps).unwrap()
            );
        }
    }
}

#[test]
fn versions_of_python_become_three_numbers() {
    for (given, expected) in [
        ("1.2.3", "1.2.3"),
        ("2025.8.4", "2025.8.4"),
        ("1.0", "1.0.0"),
        ("2", "2.0.0"),
        ("1.0rc1", "1.0.0-rc1"),
        ("1.2.3.4", "1.2.3+4"),
        ("1.0.0-beta.1", "1.0.0-beta.1"),
        ("", "0.0.0"),
        ("x", "0.0.0-x"),
    ] {
        assert_eq!(manifest_version(given), expected, "{given}");
    }
}
