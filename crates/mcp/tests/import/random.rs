//! What holds for any bytes: nothing panics, nothing grows, and what is written can be taken out again.

use crate::{connecting::program, support::planned};
use mcp::{
    connect::{Before, connect, disconnect, is_connected},
    import::{
        Client, Holding, System, app_name, clients, other_name, read_bundle, read_client_file, read_manifest,
        read_server_json,
    },
};
use proptest::prelude::*;

/// Whether all characters of the first text are in the second in their order, and what is more in it is our server, what
/// holds it, and spaces.
pub(crate) fn is_only_added(before: &str, after: &str) -> bool {
    // Nothing is taken away, not even a space.
    let mut rest = after.chars();
    if !before.chars().all(|c| rest.any(|other| other == c)) {
        return false;
    }
    let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<Vec<char>>();
    let (before, after) = (kept(before), kept(after));
    let head = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let tail = before[head..].iter().rev().zip(after[head..].iter().rev()).take_while(|(old, new)| old == new).count();
    // Where a comment follows the last member, the comma comes before it and our server behind: all between was there.
    let between: String = before[head..before.len() - tail].iter().collect();
    let added: String = after[head..after.len() - tail].iter().collect();
    added.contains("\"oikos\":{") && (between.is_empty() || added.contains(&between))
}

/// JSON with comments, spaces and trailing commas as people leave them.
fn jsonc() -> impl Strategy<Value = String> {
    let space = prop_oneof![
        Just(""),
        Just(" "),
        Just("\n"),
        Just("\n  "),
        Just("\t"),
        Just(" /* c */ "),
        Just(" // line\n"),
        Just("\r\n"),
        Just("\n\n"),
        Just("\u{a0}\u{c}")
    ];
    let scalar = prop_oneof![Just("1"), Just("\"x\""), Just("true"), Just("null"), Just("-2.5e3"), Just("\"a\\\"b\"")]
        .prop_map(str::to_owned);
    let space2 = space.clone();
    let value = scalar.prop_recursive(3, 12, 4, move |inner| {
        let space = space2.clone();
        let space3 = space2.clone();
        prop_oneof![
            (
                proptest::collection::vec((space.clone(), inner.clone(), space.clone()), 0..4),
                space.clone(),
                any::<bool>()
            )
                .prop_map(|(items, last, comma)| {
                    let body: Vec<String> = items.iter().map(|(a, item, b)| format!("{a}{item}{b}")).collect();
                    let comma = if comma && !body.is_empty() { "," } else { "" };
                    format!("[{}{comma}{last}]", body.join(","))
                }),
            (proptest::collection::vec((space3.clone(), inner, space3.clone()), 0..4), space3, any::<bool>()).prop_map(
                |(items, last, comma)| {
                    let body: Vec<String> =
                        items.iter().enumerate().map(|(n, (a, item, b))| format!("{a}\"k{n}\":{a}{item}{b}")).collect();
                    let comma = if comma && !body.is_empty() { "," } else { "" };
                    format!("{{{}{comma}{last}}}", body.join(","))
                }
            ),
        ]
    });
    (
        proptest::collection::vec((space.clone(), value, space.clone()), 0..4),
        0..3_usize,
        space,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(members, servers, around, comma, mark)| {
            let mut body: Vec<String> =
                members.iter().enumerate().map(|(n, (a, item, b))| format!("{a}\"m{n}\"{b}:{a}{item}{b}")).collect();
            match servers {
                1 => body.push(format!("{around}\"servers\":{around}{{{around}}}")),
                2 => body.insert(
                    0,
                    format!("{around}\"servers\": {{{around}\"b\":{around}{{\"command\": \"x\"}}{around}}}{around}"),
                ),
                _ => {}
            }
            let comma = if comma && !body.is_empty() { "," } else { "" };
            let mark = if mark { "\u{feff}" } else { "" };
            format!("{mark}{around}{{{}{comma}{around}}}{around}", body.join(","))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn connecting_and_disconnecting_gives_the_same_bytes(before in jsonc()) {
        let file = "/c.json";
        let edited = connect(Client::VsCode, file, Some(before.as_bytes()), &program()).unwrap();
        let bytes = edited.bytes.unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        prop_assert!(is_connected(Client::VsCode, file, &bytes).unwrap());
        prop_assert!(is_only_added(&before, &text), "{before}\n→\n{text}");
        prop_assert!(!connect(Client::VsCode, file, Some(&bytes), &program()).unwrap().is_changed());
        let back = disconnect(Client::VsCode, file, &bytes, Before::Bytes(before.as_bytes()), &program()).unwrap();
        prop_assert_eq!(back.bytes.unwrap(), before.as_bytes());
        // Without the backup too.
        let alone = disconnect(Client::VsCode, file, &bytes, Before::Unknown, &program()).unwrap().bytes.unwrap();
        prop_assert!(!is_connected(Client::VsCode, file, &alone).unwrap());
        // Other bytes than before only where two beginnings lead to the same end.
        prop_assert!(
            alone == before.as_bytes()
                || connect(Client::VsCode, file, Some(&alone), &program()).unwrap().bytes.unwrap() == bytes,
            "{before}\n→\n{text}\n→\n{}", String::from_utf8_lossy(&alone)
        );
    }

    #[test]
    fn readers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for place in clients() {
            if let Holding::File(key) = place.holding {
                drop(read_client_file(place, key, "f", Some("/p"), &bytes));
            }
        }
        drop(read_server_json("f", &bytes));
        drop(read_manifest("f", &bytes, System::Linux, None));
        drop(read_bundle("f", &bytes, System::Linux));
        drop(connect(Client::Zed, "f", Some(&bytes), &program()));
        drop(disconnect(Client::Zed, "f", &bytes, Before::Unknown, &program()));
    }

    #[test]
    fn bundles_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..200_usize) {
        let mut bytes = bytes;
        bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2e\0\0\0");
        bytes.extend((at as u32).to_le_bytes());
        bytes.extend([0; 2]);
        drop(read_bundle("f", &bytes, System::Linux));
    }

    #[test]
    fn any_entry_is_planned(
        command in prop_oneof![Just("npx".to_owned()), Just("uvx".to_owned()), Just("docker".to_owned()), Just("node".to_owned()), Just("cmd".to_owned()), any::<String>()],
        args in proptest::collection::vec(prop_oneof![
            Just("-y".to_owned()), Just("run".to_owned()), Just("/c".to_owned()), Just("--from".to_owned()), Just("-e".to_owned()), Just("-v".to_owned()),
            Just("${API_KEY}".to_owned()), Just("${X:-y}".to_owned()), "[a-z@/.:=$~{}-]{0,12}", any::<String>()
        ], 0..8),
        name in any::<String>(), value in any::<String>(),
    ) {
        let file = serde_json::json!({ "mcpServers": { name: { "command": command, "args": args, "env": { "A": value, "API_KEY": value } } } }).to_string();
        for client in [Client::ClaudeCode, Client::Cursor] {
            let place = clients().iter().find(|place| place.client == client && place.is_connected).unwrap();
            for found in read_client_file(place, "mcpServers", "f", Some("/p"), file.as_bytes()).found {
                let proposal = planned(&found);
                let manifest: serde_json::Value = serde_json::from_str(&proposal.kimai_json).unwrap();
                prop_assert_eq!(manifest["name"].as_str().unwrap(), proposal.app.to_string());
                prop_assert_eq!(planned(&found).content, proposal.content);
            }
        }
    }

    #[test]
    fn any_name_becomes_one(given in any::<String>(), what in any::<String>()) {
        let (name, is_same) = app_name(&given);
        prop_assert_eq!(is_same, name.to_string() == given);
        prop_assert_ne!(other_name(&name, &what), name);
    }
}
