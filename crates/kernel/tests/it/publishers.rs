//! Who signed a package, and who may: pinned, trusted, refused.

use crate::{
    House,
    house::{ASKS, app, official, owner},
};
use link::{MinisignSignature, PublisherKey, PublisherSecret, Successor};
use package::{Archive, PUBLISHER_FILE, SIGNATURE_FILE, SUCCESSORS_FILE, pack};
use protocol::{AuditEvent, Badge, Card, ErrorCode, Failure, api::AppDetail};
use serde_json::json;
use std::collections::BTreeMap;
use testkit::TestEntropy;

fn publisher(seed: u64) -> PublisherSecret {
    PublisherSecret::generate(&TestEntropy::seeded(seed))
}

fn fingerprint(secret: &PublisherSecret) -> String {
    secret.public_key().fingerprint().to_string()
}

/// A package on its way, as an author or somebody else made it.
struct Parcel {
    name: &'static str,
    version: &'static str,
    /// Files beside those of the app.
    more: BTreeMap<String, Vec<u8>>,
    /// The manifest's `publisher`.
    claim: Option<String>,
    comment: Option<String>,
}

impl Parcel {
    fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, more: BTreeMap::new(), claim: None, comment: None }
    }

    fn with(mut self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        self.more.insert(path.to_owned(), text.into());
        self
    }

    /// Carries the key of its publisher.
    fn key(self, secret: &PublisherSecret, called: Option<&str>) -> Self {
        let called = called.map(|name| name.parse().unwrap());
        self.with(PUBLISHER_FILE, secret.public_key().to_file(called.as_ref()))
    }

    fn unsigned(&self) -> Vec<u8> {
        let mut manifest = json!({ "id": self.name, "name": self.name, "version": self.version });
        if let Some(claim) = &self.claim {
            manifest["publisher"] = json!(claim);
        }
        let input = json!({ "input": { "type": "object" } });
        let mut files = self.more.clone();
        files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
        let actions = json!({ "go": input, "also": input, "third": input }).to_string();
        files.insert("action-schema.json".to_owned(), actions.into_bytes());
        files.insert("permissions.json".to_owned(), ASKS.into());
        let logic = "export async function go(payload, ctx) {}\nexport async function also(payload, ctx) {}\n\
                     export async function third(payload, ctx) {}\n";
        files.insert("bot-logic.js".to_owned(), logic.into());
        pack(&files).unwrap()
    }

    fn sums(&self) -> Vec<u8> {
        Archive::open(self.unsigned()).unwrap().verify().unwrap().sums().to_vec()
    }

    fn comment(&self) -> String {
        self.comment.clone().unwrap_or_else(|| format!("{} {}", self.name, self.version))
    }

    fn sealed(&self, signature: &[u8]) -> Vec<u8> {
        Archive::open(self.unsigned()).unwrap().verify().unwrap().with_signature(signature).unwrap()
    }

    fn signed(&self, secret: &PublisherSecret) -> Vec<u8> {
        self.sealed(secret.sign(&self.sums(), "made in a test", &self.comment()).as_bytes())
    }
}

impl House {
    async fn look(&self, bytes: &[u8], trust: Option<&str>, downgrade: bool) -> Result<Card, Failure> {
        let path = self.archive("parcel", bytes).to_str().unwrap().to_owned();
        let (offer, card) = self.kernel.app_offer(owner(), path, trust, downgrade).await?;
        self.kernel.app_decline(&owner(), offer).unwrap();
        Ok(card)
    }

    async fn take(&self, bytes: &[u8], trust: Option<&str>) -> Result<AppDetail, Failure> {
        let path = self.archive("parcel", bytes).to_str().unwrap().to_owned();
        let (offer, _) = self.kernel.app_offer(owner(), path, trust, false).await?;
        self.kernel.app_install(owner(), offer, vec![]).await
    }

    /// Refused with this code, leaving one line in the log and nothing else.
    async fn refuses(&self, what: &str, bytes: &[u8], trust: Option<&str>, code: ErrorCode, said: &str) {
        let (stored, blobs, log) = (self.stored(), self.blobs(), self.log());
        let failure = self.take(bytes, trust).await.map(drop).expect_err(what);
        assert_eq!((failure.code, failure.code.exit()), (code, 4), "{what}: {failure}");
        assert!(failure.message.contains(said), "{what}: {}", failure.message);
        assert!(failure.hint.is_some(), "{what}: no next step");
        assert_eq!(self.stored(), stored, "{what}: something was stored");
        assert_eq!(self.blobs(), blobs, "{what}: an archive was kept");
        let after = self.log();
        let new: Vec<_> = after[log.len()..].iter().collect();
        assert_eq!(new.len(), 1, "{what}: {new:?}");
        assert_eq!(new[0].event, AuditEvent::Refused, "{what}");
        assert!(new[0].sentence.to_string().contains(code.word()), "{what}");
    }
}

#[tokio::test]
async fn a_name_belongs_to_the_publisher_who_brought_it() {
    let mut house = House::new();
    let ada = publisher(1);
    let first = Parcel::new("notes", "1.0.0").key(&ada, Some("ada")).signed(&ada);
    house.refuses("unknown key", &first, None, ErrorCode::PublisherUntrusted, &fingerprint(&ada)).await;
    let card = house.look(&first, Some(&fingerprint(&ada)), false).await.unwrap();
    let named = Badge::Publisher { publisher: Some("ada".parse().unwrap()), fingerprint: fingerprint(&ada) };
    assert_eq!(card.badge, named);
    let said = card.signed.unwrap().to_string();
    assert!(said.contains("ada (") && said.contains("new here"), "{said}");
    assert!(house.kernel.publisher_list(&owner()).unwrap().len() == 1, "looking trusts nobody");
    assert_eq!(house.take(&first, Some(&fingerprint(&ada))).await.unwrap().summary.badge, named);
    let told: Vec<_> = house.log().iter().map(|record| record.sentence.to_string()).collect();
    assert!(told.iter().any(|line| line.starts_with("you trusted the publisher ada")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("from now on only ada")), "{told:?}");

    // From then on nobody is asked, nor after a restart, nor after the app was removed.
    let second = Parcel::new("notes", "1.1.0").key(&ada, Some("ada")).signed(&ada);
    let card = house.look(&second, None, false).await.unwrap();
    assert!(card.signed.unwrap().to_string().contains("to whom the name notes belongs"));
    house.take(&second, None).await.unwrap();
    house.restart();
    assert!(house.kernel.app_check(&owner(), &app("notes")).is_ok());
    house.kernel.app_remove(owner(), app("notes"), true).await.unwrap();
    let mallory = publisher(2);
    let stolen = Parcel::new("notes", "9.0.0").key(&mallory, Some("mallory")).signed(&mallory);
    let trust = fingerprint(&mallory);
    house.refuses("another publisher", &stolen, Some(&trust), ErrorCode::PublisherMismatch, "belongs to ada").await;
    house.refuses("an older version", &first, None, ErrorCode::PackageDowngrade, "older than the 1.1.0").await;
    let unsigned = Parcel::new("notes", "2.0.0").unsigned();
    house.refuses("no signature", &unsigned, None, ErrorCode::SignatureMissing, "belongs to ada").await;
    house.take(&second, None).await.unwrap();
    let views = house.kernel.publisher_list(&owner()).unwrap();
    assert_eq!((views[1].fingerprint.clone(), views[1].apps.clone()), (fingerprint(&ada), vec![app("notes")]));
}

#[tokio::test]
async fn an_older_version_is_taken_only_when_the_owner_says_so() {
    let house = House::new();
    let ada = publisher(1);
    house.kernel.publisher_trust(&owner(), &ada.public_key().to_string(), None).unwrap();
    let parcel = |version| Parcel::new("notes", version).signed(&ada);
    house.take(&parcel("2.0.0"), None).await.unwrap();
    house.refuses("older", &parcel("1.9.9"), None, ErrorCode::PackageDowngrade, "1.9.9 is older").await;
    house.refuses("a version before", &parcel("2.0.0-rc.1"), None, ErrorCode::PackageDowngrade, "2.0.0-rc.1").await;
    assert!(house.look(&parcel("2.0.0+build.7"), None, false).await.is_ok(), "builds of one version have no order");
    let card = house.look(&parcel("1.9.9"), None, true).await.unwrap();
    assert!(card.warnings.iter().any(|warning| warning.to_string().contains("version 2.0.0 already")));
    let path = house.archive("old", &parcel("1.9.9")).to_str().unwrap().to_owned();
    let (offer, _) = house.kernel.app_offer(owner(), path, None, true).await.unwrap();
    assert_eq!(house.kernel.app_install(owner(), offer, vec![]).await.unwrap().summary.version, "1.9.9");
    // It stays an exception.
    house.refuses("older again", &parcel("1.9.8"), None, ErrorCode::PackageDowngrade, "2.0.0").await;
}

#[tokio::test]
async fn whatever_is_wrong_with_a_signature_is_told_and_leaves_one_line() {
    let house = House::new();
    let (ada, bob) = (publisher(1), publisher(2));
    house.kernel.publisher_trust(&owner(), &ada.public_key().to_string(), Some("ada".parse().unwrap())).unwrap();
    let parcel = || Parcel::new("notes", "1.0.0");
    let other = Parcel::new("notes", "1.0.1");
    let cases: Vec<(&str, Vec<u8>, ErrorCode, &str)> = vec![
        ("signed by nobody known", parcel().signed(&bob), ErrorCode::PublisherUnknown, "not known here"),
        ("key only in it", parcel().key(&bob, None).signed(&bob), ErrorCode::PublisherUntrusted, "-"),
        (
            "made for another list",
            parcel().sealed(ada.sign(&other.sums(), "", "notes 1.0.0").as_bytes()),
            ErrorCode::SignatureInvalid,
            "by ada",
        ),
        (
            "comment of another version",
            Parcel { comment: Some("notes 1.0.1".to_owned()), ..parcel() }.signed(&ada),
            ErrorCode::SignatureCommentMismatch,
            "was made for 'notes 1.0.1'; this package is 'notes 1.0.0'",
        ),
        (
            "comment changed",
            {
                let signature = ada.sign(&parcel().sums(), "", "notes 1.0.1").replace("notes 1.0.1", "notes 1.0.0");
                parcel().sealed(signature.as_bytes())
            },
            ErrorCode::SignatureCommentMismatch,
            "its trusted comment was changed",
        ),
        (
            "the old kind",
            {
                // The letters of the algorithm are the first two bytes: "ED" becomes "Ed".
                let signature = ada.sign(&parcel().sums(), "", "notes 1.0.0").replacen("\nRU", "\nRW", 1);
                parcel().sealed(signature.as_bytes())
            },
            ErrorCode::SignatureLegacy,
            "not prehashed",
        ),
        ("no signature at all", parcel().sealed(b"signed, ada"), ErrorCode::SignatureUnreadable, "untrusted comment"),
        ("an empty signature", parcel().sealed(b""), ErrorCode::SignatureUnreadable, "untrusted comment"),
        (
            "a key that is none",
            parcel().with(PUBLISHER_FILE, "ada").signed(&ada),
            ErrorCode::PublisherKeyInvalid,
            PUBLISHER_FILE,
        ),
        (
            "calls itself official",
            {
                let file = bob
                    .public_key()
                    .to_file(Some(&"bob".parse().unwrap()))
                    .replace("publisher bob", "publisher official");
                parcel().with(PUBLISHER_FILE, file).signed(&bob)
            },
            ErrorCode::PublisherKeyInvalid,
            "calls its publisher 'official'",
        ),
        (
            "carries another key",
            parcel().key(&bob, None).signed(&ada),
            ErrorCode::PublisherClaimMismatch,
            PUBLISHER_FILE,
        ),
        (
            "carries a key that did not sign",
            parcel().key(&bob, None).signed(&publisher(3)),
            ErrorCode::PublisherClaimMismatch,
            "a key with the number",
        ),
        (
            "its manifest names another key",
            Parcel { claim: Some(fingerprint(&bob)), ..parcel() }.signed(&ada),
            ErrorCode::PublisherClaimMismatch,
            "it is signed by ada",
        ),
        (
            "its manifest names nobody",
            Parcel { claim: Some("somebody".to_owned()), ..parcel() }.signed(&ada),
            ErrorCode::PublisherClaimMismatch,
            "somebody",
        ),
        (
            "statements that are none",
            parcel().with(SUCCESSORS_FILE, "x").signed(&ada),
            ErrorCode::SuccessorInvalid,
            SUCCESSORS_FILE,
        ),
    ];
    for (what, bytes, code, said) in &cases {
        house.refuses(what, bytes, None, *code, said).await;
    }
    // What the owner accepts is not what signed it.
    let trust = fingerprint(&bob);
    house.refuses("trusts another", &parcel().signed(&ada), Some(&trust), ErrorCode::PublisherUntrusted, &trust).await;
    house
        .refuses("trusts one, unsigned", &parcel().unsigned(), Some(&trust), ErrorCode::SignatureMissing, &trust)
        .await;
    // The honest ones go in: the manifest may name the key, by itself or by its fingerprint.
    for claim in [None, Some(fingerprint(&ada)), Some(ada.public_key().to_string())] {
        house.take(&Parcel { claim, ..parcel() }.signed(&ada), None).await.unwrap();
    }
}

#[tokio::test]
async fn a_new_key_does_not_come_in_under_the_name_of_another() {
    let house = House::new();
    let (ada, mallory) = (publisher(1), publisher(2));
    house.kernel.publisher_trust(&owner(), &ada.public_key().to_file(Some(&"ada".parse().unwrap())), None).unwrap();
    let parcel = Parcel::new("ledger", "1.0.0").key(&mallory, Some("ada")).signed(&mallory);
    let trust = fingerprint(&mallory);
    house.refuses("renamed", &parcel, Some(&trust), ErrorCode::PublisherNameTaken, "you know another publisher").await;
    // The owner can give it a name of its own; what the package says does not count any more.
    let taken = house.kernel.publisher_trust(&owner(), &trust, Some("ada".parse().unwrap())).unwrap_err();
    assert_eq!(taken.code, ErrorCode::PublisherNameTaken);
    house.kernel.publisher_trust(&owner(), &trust, Some("the-other-ada".parse().unwrap())).unwrap();
    let installed = house.take(&parcel, None).await.unwrap();
    let Badge::Publisher { publisher: Some(name), .. } = installed.summary.badge else { panic!() };
    assert_eq!(name.as_str(), "the-other-ada");
}

#[tokio::test]
async fn a_fingerprint_is_enough_to_trust_a_publisher() {
    let house = House::new();
    let ada = publisher(1);
    let view = house.kernel.publisher_trust(&owner(), &fingerprint(&ada).to_uppercase(), None).unwrap();
    assert_eq!((view.key, view.apps.len()), (None, 0));
    let bare = Parcel::new("notes", "1.0.0");
    // Nobody has seen the key yet, so a package has to bring it.
    house.refuses("without its key", &bare.signed(&ada), None, ErrorCode::PublisherUnknown, "number").await;
    house.take(&bare.key(&ada, Some("ada")).signed(&ada), None).await.unwrap();
    let view = &house.kernel.publisher_list(&owner()).unwrap()[1];
    assert_eq!(
        (view.key.clone(), view.name.clone()),
        (Some(ada.public_key().to_string()), Some("ada".parse().unwrap()))
    );
    house.take(&Parcel::new("notes", "1.0.1").signed(&ada), None).await.unwrap();
    // Who says the key itself needs no package to bring it, and means this key only.
    let (bob, eve) = (publisher(2), publisher(3));
    let bare = Parcel::new("ledger", "1.0.0").signed(&bob);
    let another = eve.public_key().to_string();
    house.refuses("another key", &bare, Some(&another), ErrorCode::PublisherUnknown, "number").await;
    house.take(&bare, Some(&bob.public_key().to_string())).await.unwrap();
}

#[tokio::test]
async fn keys_change_by_a_statement_of_the_old_one_only() {
    let house = House::new();
    let [ada, next, last, mallory] = [1, 2, 3, 4].map(publisher);
    house.kernel.publisher_trust(&owner(), &ada.public_key().to_string(), Some("ada".parse().unwrap())).unwrap();
    house.take(&Parcel::new("notes", "1.0.0").signed(&ada), None).await.unwrap();
    house.take(&Parcel::new("ledger", "1.0.0").signed(&ada), None).await.unwrap();

    let bare = Parcel::new("notes", "1.1.0").key(&next, Some("ada")).signed(&next);
    house.refuses("no statement", &bare, None, ErrorCode::PublisherMismatch, "belongs to ada").await;
    let trust = fingerprint(&next);
    house.refuses("trusted, no statement", &bare, Some(&trust), ErrorCode::PublisherMismatch, "belongs to ada").await;
    let forged = Successor::write(&mallory, &next.public_key());
    let parcel = Parcel::new("notes", "1.1.0").key(&next, None).with(SUCCESSORS_FILE, forged).signed(&next);
    house.refuses("a stranger's statement", &parcel, None, ErrorCode::PublisherMismatch, "belongs to ada").await;

    // Two steps at once: ada → next → last.
    let statements = Successor::write(&ada, &next.public_key()) + &Successor::write(&next, &last.public_key());
    let parcel = Parcel::new("notes", "1.1.0").key(&last, None).with(SUCCESSORS_FILE, statements.clone()).signed(&last);
    let card = house.look(&parcel, None, false).await.unwrap();
    assert!(card.signed.unwrap().to_string().contains("named as successor"));
    assert!(card.warnings.iter().any(|warning| warning.to_string().contains("can no longer update it")));
    house.take(&parcel, None).await.unwrap();
    let told: Vec<_> = house.log().iter().map(|record| record.sentence.to_string()).collect();
    assert_eq!(told.iter().filter(|line| line.contains("as its successor")).count(), 2, "{told:?}");

    // The old keys sign nothing any more, also for names that nobody has moved yet.
    for old in [&ada, &next] {
        let parcel = Parcel::new("ledger", "1.1.0").signed(old);
        house.refuses("an old key", &parcel, None, ErrorCode::PublisherSuperseded, "as its successor").await;
    }
    let moved = house.take(&Parcel::new("ledger", "1.1.0").signed(&last), None).await.unwrap();
    let Badge::Publisher { publisher: Some(name), .. } = moved.summary.badge else { panic!() };
    assert_eq!(name.as_str(), "ada", "the name goes on to the successor");

    // Whoever has the old key now can say what they like.
    let second = Successor::write(&ada, &mallory.public_key());
    let parcel =
        Parcel::new("news", "1.0.0").key(&mallory, None).with(SUCCESSORS_FILE, second.clone()).signed(&mallory);
    house.refuses("a second successor", &parcel, None, ErrorCode::SuccessorInvalid, "already named").await;
    let refused = house.kernel.publisher_import(&owner(), &second).unwrap_err();
    assert_eq!(refused.code, ErrorCode::SuccessorInvalid);
    let refused = house.kernel.publisher_trust(&owner(), &fingerprint(&ada), None).unwrap_err();
    assert_eq!(refused.code, ErrorCode::PublisherSuperseded);
}

#[tokio::test]
async fn a_statement_can_be_imported() {
    let house = House::new();
    let [ada, next, stranger] = [1, 2, 3].map(publisher);
    let statement = Successor::write(&ada, &next.public_key());
    let refused = house.kernel.publisher_import(&owner(), &statement).unwrap_err();
    assert_eq!(refused.code, ErrorCode::PublisherNotFound, "a stranger's statement says nothing");
    house.kernel.publisher_trust(&owner(), &ada.public_key().to_string(), Some("ada".parse().unwrap())).unwrap();
    house.take(&Parcel::new("notes", "1.0.0").signed(&ada), None).await.unwrap();
    let view = house.kernel.publisher_import(&owner(), &statement).unwrap();
    assert_eq!((view.fingerprint.clone(), view.name.clone()), (fingerprint(&next), Some("ada".parse().unwrap())));
    let (log, stored) = (house.log().len(), house.stored());
    assert_eq!(house.kernel.publisher_import(&owner(), &statement).unwrap(), view, "once more changes nothing");
    assert_eq!((house.log().len(), house.stored()), (log, stored));
    house.take(&Parcel::new("notes", "1.0.1").signed(&next), None).await.unwrap();
    for text in ["", "x", &statement[5..], &statement.replace("old: ", "alt: ")] {
        assert_eq!(house.kernel.publisher_import(&owner(), text).unwrap_err().code, ErrorCode::SuccessorInvalid);
    }
    let unknown = Successor::write(&stranger, &ada.public_key());
    assert!(house.kernel.publisher_import(&owner(), &unknown).is_err());
}

#[tokio::test]
async fn only_the_projects_key_makes_an_official_app() {
    let house = House::new();
    let signed = house.take(&Parcel::new("notes", "1.0.0").signed(&official()), None).await.unwrap();
    let fingerprint = fingerprint(&official());
    assert_eq!(signed.summary.badge, Badge::Official { fingerprint: fingerprint.clone() });
    let views = house.kernel.publisher_list(&owner()).unwrap();
    assert_eq!((views.len(), views[0].official, views[0].apps.clone()), (1, true, vec![app("notes")]));
    // No manifest and no name makes one of another.
    let mallory = publisher(2);
    let parcel =
        Parcel { claim: Some(fingerprint), ..Parcel::new("other", "1.0.0") }.key(&mallory, None).signed(&mallory);
    house.refuses("claims the project's key", &parcel, None, ErrorCode::PublisherClaimMismatch, "signs it").await;
    let unsigned = house.look(&Parcel::new("plain", "1.0.0").unsigned(), None, false).await.unwrap();
    assert!(matches!(unsigned.badge, Badge::LocalDeveloper { .. }) && unsigned.signed.is_none());
}

#[tokio::test]
async fn what_is_not_signed_binds_no_name() {
    let house = House::new();
    let ada = publisher(1);
    house.take(&Parcel::new("notes", "2.0.0").unsigned(), None).await.unwrap();
    house.take(&Parcel::new("notes", "1.0.0").unsigned(), None).await.unwrap();
    house.kernel.publisher_trust(&owner(), &ada.public_key().to_string(), None).unwrap();
    let signed = house.take(&Parcel::new("notes", "0.5.0").signed(&ada), None).await.unwrap();
    assert!(matches!(signed.summary.badge, Badge::Publisher { .. }));
    let unsigned = Parcel::new("notes", "3.0.0").unsigned();
    house.refuses("now it is bound", &unsigned, None, ErrorCode::SignatureMissing, "not signed").await;
}

#[tokio::test]
async fn names_of_one_owner_bind_nobody_else() {
    let house = House::new();
    let (ada, bob) = (publisher(1), publisher(2));
    let other = crate::house::owner_of(protocol::OwnerId(2));
    house.take(&Parcel::new("notes", "1.0.0").key(&ada, None).signed(&ada), Some(&fingerprint(&ada))).await.unwrap();
    let parcel = Parcel::new("notes", "1.0.0").key(&bob, None).signed(&bob);
    let path = house.archive("bob", &parcel).to_str().unwrap().to_owned();
    let untrusted = house.kernel.app_offer(other, path.clone(), None, false).await.map(drop).unwrap_err();
    assert_eq!(untrusted.code, ErrorCode::PublisherUntrusted);
    let (offer, _) = house.kernel.app_offer(other, path, Some(&fingerprint(&bob)), false).await.unwrap();
    house.kernel.app_install(other, offer, vec![]).await.unwrap();
    assert_eq!(house.kernel.publisher_list(&owner()).unwrap().len(), 2);
}

#[tokio::test]
async fn what_changed_between_card_and_yes_counts() {
    let house = House::new();
    let (ada, bob) = (publisher(1), publisher(2));
    let offer = async |secret: &PublisherSecret| {
        let parcel = Parcel::new("notes", "1.0.0").key(secret, None).signed(secret);
        let path = house.archive("parcel", &parcel).to_str().unwrap().to_owned();
        house.kernel.app_offer(owner(), path, Some(&fingerprint(secret)), false).await.unwrap().0
    };
    let (first, second) = (offer(&ada).await, offer(&bob).await);
    house.kernel.app_install(owner(), first, vec![]).await.unwrap();
    let (stored, log) = (house.stored(), house.log().len());
    let late = house.kernel.app_install(owner(), second, vec![]).await.unwrap_err();
    assert_eq!(late.code, ErrorCode::PublisherMismatch);
    assert_eq!((house.stored(), house.log().len()), (stored, log + 1));
}

#[tokio::test]
async fn an_installed_app_stops_when_its_signature_does_not_hold_any_more() {
    let mut house = House::new();
    let (ada, bob) = (publisher(1), publisher(2));
    house.take(&Parcel::new("notes", "1.0.0").key(&ada, None).signed(&ada), Some(&fingerprint(&ada))).await.unwrap();
    // Somebody writes another publisher into the record.
    let key = state::Key::new(protocol::OwnerId::LOCAL, state::Space::App, "notes");
    let entry = state::Store::get(&*house.store, &key).unwrap().unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&entry.value).unwrap();
    record["publisher_key"] = json!(bob.public_key().to_string());
    let mut batch = state::Batch::new();
    batch.put(&key, serde_json::to_vec(&record).unwrap(), protocol::Labels::NONE);
    state::Store::commit(&*house.store, batch, state::Durability::Saved).unwrap();
    house.restart();
    let stopped = house.kernel.app_check(&owner(), &app("notes")).unwrap_err();
    assert_eq!(stopped.code, ErrorCode::AppStopped);
    assert!(stopped.message.contains("did not sign"), "{stopped}");
}

#[tokio::test]
async fn what_is_no_key_is_not_trusted() {
    let house = House::new();
    let key: PublisherKey = publisher(1).public_key();
    for text in ["", "ada", "RW", &key.to_string()[1..], "/etc/passwd", "untrusted comment: publisher system\nx"] {
        let refused = house.kernel.publisher_trust(&owner(), text, None).unwrap_err();
        assert_eq!(refused.code, ErrorCode::KeyUnreadable, "{text}");
        assert!(refused.hint.is_some());
    }
    let bad = house.kernel.app_offer(owner(), "x".to_owned(), Some("not hex"), false).await.map(drop).unwrap_err();
    assert_eq!(bad.code, ErrorCode::Usage);
    assert!(house.stored().is_empty() && house.log().is_empty());
}

#[test]
fn the_signature_of_these_tests_is_one() {
    // A table of refusals is worth nothing if the honest case is none.
    let ada = publisher(1);
    let bytes = Parcel::new("notes", "1.0.0").signed(&ada);
    let archive = Archive::open(bytes).unwrap();
    let signature = MinisignSignature::read_file(archive.file(SIGNATURE_FILE).unwrap()).unwrap();
    assert_eq!(ada.public_key().verify(archive.file("SHA256SUMS").unwrap(), &signature), Ok(()));
}
