//! Who signed a package, and whether that is who may: from the package, from the publishers that the owner knows, and
//! from what the owner says. Decides and writes nothing.

use crate::apps::AppRecord;
use link::{
    Fingerprint, KeyId, MinisignFault, MinisignSignature, PublisherKey, PublisherKeyError, SUCCESSORS_MAX, Successor,
    SuccessorError,
};
use package::{PUBLISHER_FILE, Package, SIGNATURE_FILE, SUCCESSORS_FILE, SUMS_FILE};
use protocol::{AppName, Badge, ErrorCode, Failure, PublisherName, Sentence, Timestamp, sentence, text};
use semver::Version;
use serde::{Deserialize, Serialize};

/// A publisher whom the owner trusts, as the store has it. Stored under its fingerprint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PublisherRecord {
    pub(crate) fingerprint: Fingerprint,
    /// Absent while the owner has said a fingerprint and nothing was seen that the key signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<PublisherKey>,
    /// How the owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<PublisherName>,
    pub(crate) since: Timestamp,
    /// The key that it named as its successor: from then on it signs nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) succeeded_by: Option<PublisherKey>,
}

/// To whom a name belongs, as the store has it. Stored under the name, and never removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PinRecord {
    pub(crate) publisher: PublisherKey,
    /// The newest version that was ever installed.
    pub(crate) newest: Version,
    pub(crate) since: Timestamp,
}

/// What is known when a package is looked at.
pub(crate) struct Known {
    /// The project's own key.
    pub(crate) official: PublisherKey,
    pub(crate) publishers: Vec<PublisherRecord>,
    /// To whom the package's name belongs.
    pub(crate) pin: Option<PinRecord>,
}

/// What the owner says beside "install".
#[derive(Clone, Debug, Default)]
pub(crate) struct Consent {
    /// This publisher is accepted.
    pub(crate) trust: Option<Fingerprint>,
    /// Its key, where the owner gave that and not only the fingerprint: then the package need not carry it.
    pub(crate) key: Option<PublisherKey>,
    /// An older version is fine.
    pub(crate) downgrade: bool,
}

impl Consent {
    /// From what the owner wrote: a fingerprint or a public key.
    pub(crate) fn read(trust: Option<&str>, downgrade: bool) -> Result<Self, Failure> {
        let Some(text) = trust else { return Ok(Self { downgrade, ..Self::default() }) };
        let key: Option<PublisherKey> = text.parse().ok();
        let trust = match &key {
            Some(key) => key.fingerprint(),
            None => text.parse::<Fingerprint>().map_err(|error| {
                Failure::from_error(ErrorCode::Usage, &error)
                    .hint("the publisher's public key, 56 characters that begin with RW, is as good")
            })?,
        };
        Ok(Self { trust: Some(trust), key, downgrade })
    }
}

/// Who signed a package, where that is who may.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) key: PublisherKey,
    pub(crate) name: Option<PublisherName>,
    pub(crate) standing: Standing,
    /// The way from a known key to this one, both of them included; empty unless the key is a successor.
    pub(crate) chain: Vec<PublisherKey>,
    /// A newer version than this one was there already, and the owner said that this is fine.
    pub(crate) older_than: Option<Version>,
    is_official: bool,
}

/// Why the signer may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The name belongs to this key.
    Pinned,
    /// The key is in the binary, or the owner trusts it; the name belongs to nobody yet.
    Known,
    /// The owner accepts the key with this package.
    New,
    /// A known key named it. Holds how that one is called.
    Successor(String),
}

/// A publisher as people read it.
pub(crate) fn label(name: Option<&PublisherName>, key: Fingerprint) -> String {
    name.map_or_else(|| key.to_string(), |name| format!("{name} ({key})"))
}

impl Known {
    fn record(&self, key: &PublisherKey) -> Option<&PublisherRecord> {
        self.publishers.iter().find(|record| record.fingerprint == key.fingerprint())
    }

    fn successor(&self, key: &PublisherKey) -> Option<&PublisherKey> {
        self.record(key)?.succeeded_by.as_ref()
    }

    fn is_official(&self, key: &PublisherKey) -> bool {
        self.official.key() == key.key()
    }

    /// How a key is called here.
    pub(crate) fn label(&self, key: &PublisherKey) -> String {
        if self.is_official(key) {
            return format!("the oikos project ({})", key.fingerprint());
        }
        label(self.record(key).and_then(|record| record.name.as_ref()), key.fingerprint())
    }

    /// Who goes by this name, but for these keys. A name goes on to a successor.
    pub(crate) fn name_holder(&self, name: &PublisherName, but: &[Fingerprint]) -> Option<&PublisherRecord> {
        self.publishers
            .iter()
            .filter(|record| !but.contains(&record.fingerprint) && record.succeeded_by.is_none())
            .find(|record| record.name.as_ref() == Some(name))
    }

    /// Every key that is known without the package.
    fn keys(&self) -> impl Iterator<Item = &PublisherKey> {
        let records = self.publishers.iter().filter_map(|record| record.key.as_ref());
        self.pin.iter().map(|pin| &pin.publisher).chain([&self.official]).chain(records)
    }

    /// The way from a known key to another, by what is known and by what the package states.
    fn chain(
        &self,
        statements: &[Successor],
        from: &PublisherKey,
        to: &PublisherKey,
    ) -> Result<Option<Vec<PublisherKey>>, SignerError> {
        let mut keys = vec![*from];
        for _ in 0..=SUCCESSORS_MAX {
            let last = keys[keys.len() - 1];
            if last.key() == to.key() {
                return Ok(Some(keys));
            }
            let stated = statements.iter().find(|said| said.old().key() == last.key()).map(Successor::new_key);
            let next = match (self.successor(&last), stated) {
                (Some(known), Some(stated)) if known.key() != stated.key() => {
                    return Err(SignerError::SuccessorContradicts {
                        old: self.label(&last),
                        known: self.label(known),
                        stated: stated.fingerprint(),
                    });
                }
                (Some(next), _) | (None, Some(next)) => *next,
                (None, None) => return Ok(None),
            };
            keys.push(next);
        }
        Ok(None)
    }
}

/// Who signed a package. `None`: nobody, and nobody had to.
pub(crate) fn decide(package: &Package, known: &Known, consent: &Consent) -> Result<Option<Signer>, SignerError> {
    let (app, version) = (package.name(), &package.manifest().version);
    let Some(bytes) = package.signature() else {
        return match (&known.pin, consent.trust) {
            (Some(pin), _) => Err(SignerError::Missing { app: app.clone(), publisher: known.label(&pin.publisher) }),
            (None, Some(trust)) => Err(SignerError::MissingForTrust { app: app.clone(), trust }),
            (None, None) => Ok(None),
        };
    };
    let signature = MinisignSignature::read_file(bytes).map_err(|fault| SignerError::Unreadable { fault })?;
    let own = package.file(PUBLISHER_FILE).map(PublisherKey::read_file).transpose()?;
    let statements = package.file(SUCCESSORS_FILE).map(Successor::read_all).transpose()?.unwrap_or_default();

    let brought = own.as_ref().map(|(key, _)| key);
    let candidates: Vec<&PublisherKey> =
        known.keys().chain(brought).chain(statements.iter().map(Successor::new_key)).chain(&consent.key).collect();
    let key = signing_key(package.verified().sums(), &signature, &candidates, brought, known)?;
    let expected = format!("{app} {version}");
    if signature.trusted_comment() != expected {
        return Err(SignerError::Comment { given: text::shorten(signature.trusted_comment(), 80), expected });
    }
    if let Some(claim) = &package.manifest().publisher
        && !key.is_named_by(claim)
    {
        let claim = text::shorten(claim, 80);
        return Err(SignerError::Claim { file: "manifest", claim, signer: known.label(&key) });
    }
    if let Some(by) = known.successor(&key) {
        return Err(SignerError::Superseded { old: known.label(&key), new: known.label(by) });
    }
    let (standing, chain) = standing(app, &key, &statements, known, consent)?;
    if let Some(trust) = consent.trust.filter(|trust| *trust != key.fingerprint()) {
        // Known or not: it is not the one that the owner means.
        return Err(SignerError::TrustedAnother { app: app.clone(), trust, signer: key.fingerprint() });
    }
    let older_than = match &known.pin {
        Some(pin) if version.cmp_precedence(&pin.newest).is_lt() => {
            if !consent.downgrade {
                let (app, version) = (app.clone(), version.clone());
                return Err(SignerError::Downgrade { app, version, newest: pin.newest.clone() });
            }
            Some(pin.newest.clone())
        }
        _ => None,
    };
    let claimed = own.and_then(|(_, name)| name);
    let name = signer_name(&key, claimed, &standing, &chain, known)?;
    Ok(Some(Signer { is_official: known.is_official(&key), key, name, standing, chain, older_than }))
}

/// The key that made the signature, of all that could have.
fn signing_key(
    sums: &[u8],
    signature: &MinisignSignature,
    candidates: &[&PublisherKey],
    own: Option<&PublisherKey>,
    known: &Known,
) -> Result<PublisherKey, SignerError> {
    let mut fault = None;
    for key in candidates.iter().copied().filter(|key| key.id() == signature.id()) {
        match key.verify(sums, signature) {
            Ok(()) => {
                return match own {
                    Some(own) if own.key() != key.key() => Err(SignerError::Claim {
                        file: PUBLISHER_FILE,
                        claim: own.fingerprint().to_string(),
                        signer: known.label(key),
                    }),
                    _ => Ok(*key),
                };
            }
            // A trusted comment that was changed says more than "invalid", so it is kept.
            Err(found @ MinisignFault::CommentChanged) => fault = Some((found, *key)),
            Err(found) => fault = fault.or(Some((found, *key))),
        }
    }
    match (fault, own) {
        (Some((fault, key)), _) => Err(SignerError::Invalid { fault, key: known.label(&key) }),
        (None, Some(own)) => Err(SignerError::Claim {
            file: PUBLISHER_FILE,
            claim: own.fingerprint().to_string(),
            signer: format!("a key with the number {}", signature.id()),
        }),
        (None, None) => Err(SignerError::Unknown { id: signature.id() }),
    }
}

/// Whether this key made the signature that a package carries.
pub(crate) fn is_signed_by(package: &Package, key: &PublisherKey) -> bool {
    let signature = package.signature().and_then(|bytes| MinisignSignature::read_file(bytes).ok());
    signature.is_some_and(|signature| key.verify(package.verified().sums(), &signature).is_ok())
}

/// Whether a package comes from somebody else than the version that is installed: what was granted to one is not granted
/// to another. A key that the one before named as its successor is no other.
pub(crate) fn comes_from_another(installed: &AppRecord, badge: &Badge, signer: Option<&Signer>) -> bool {
    let (key, is_successor) = (
        installed.publisher_key.as_ref(),
        signer.is_some_and(|signer| matches!(signer.standing, Standing::Successor(_))),
    );
    let is_another = comes_from_another_key(key, signer.map(|signer| &signer.key)) && !(key.is_some() && is_successor);
    is_another || comes_from_elsewhere(&installed.badge, badge)
}

/// Whether of two versions one came with oikos, and the other did not.
pub(crate) fn comes_from_elsewhere(one: &Badge, other: &Badge) -> bool {
    (*one == Badge::System) != (*other == Badge::System)
}

/// Whether two versions were not signed with the same key.
pub(crate) fn comes_from_another_key(one: Option<&PublisherKey>, other: Option<&PublisherKey>) -> bool {
    one.map(PublisherKey::key) != other.map(PublisherKey::key)
}

fn standing(
    app: &AppName,
    key: &PublisherKey,
    statements: &[Successor],
    known: &Known,
    consent: &Consent,
) -> Result<(Standing, Vec<PublisherKey>), SignerError> {
    if let Some(pin) = &known.pin {
        if pin.publisher.key() == key.key() {
            return Ok((Standing::Pinned, Vec::new()));
        }
        return match known.chain(statements, &pin.publisher, key)? {
            Some(chain) => Ok((Standing::Successor(known.label(&pin.publisher)), chain)),
            None => Err(SignerError::Mismatch {
                app: app.clone(),
                owner: known.label(&pin.publisher),
                signer: known.label(key),
            }),
        };
    }
    if known.is_official(key) || known.record(key).is_some() {
        return Ok((Standing::Known, Vec::new()));
    }
    for from in known.keys() {
        if let Some(chain) = known.chain(statements, from, key)? {
            return Ok((Standing::Successor(known.label(from)), chain));
        }
    }
    match consent.trust {
        Some(trust) if trust == key.fingerprint() => Ok((Standing::New, Vec::new())),
        Some(trust) => Err(SignerError::TrustedAnother { app: app.clone(), trust, signer: key.fingerprint() }),
        None => Err(SignerError::Untrusted { app: app.clone(), signer: key.fingerprint() }),
    }
}

/// How the signer is called from now on: as the owner does already, else as the key before it, else as the package says.
fn signer_name(
    key: &PublisherKey,
    claimed: Option<PublisherName>,
    standing: &Standing,
    chain: &[PublisherKey],
    known: &Known,
) -> Result<Option<PublisherName>, SignerError> {
    if let Some(name) = known.record(key).and_then(|record| record.name.clone()) {
        return Ok(Some(name));
    }
    let before = chain.iter().rev().find_map(|key| known.record(key)?.name.clone());
    let Some(name) = before.or(claimed).filter(|_| !known.is_official(key)) else { return Ok(None) };
    let own: Vec<Fingerprint> = chain.iter().chain([key]).map(PublisherKey::fingerprint).collect();
    match known.name_holder(&name, &own) {
        None => Ok(Some(name)),
        // Accepted just now, and it comes in under the name of another.
        Some(holder) if *standing == Standing::New => {
            Err(SignerError::NameTaken { name, holder: holder.fingerprint, signer: key.fingerprint() })
        }
        Some(_) => Ok(None),
    }
}

impl Signer {
    pub(crate) fn is_official(&self) -> bool {
        self.is_official
    }

    pub(crate) fn label(&self) -> String {
        match self.is_official {
            true => format!("the oikos project ({})", self.key.fingerprint()),
            false => label(self.name.as_ref(), self.key.fingerprint()),
        }
    }

    pub(crate) fn badge(&self) -> Badge {
        let fingerprint = self.key.fingerprint().to_string();
        match self.is_official {
            true => Badge::Official { fingerprint },
            false => Badge::Publisher { publisher: self.name.clone(), fingerprint },
        }
    }

    /// Who signed, for the card.
    pub(crate) fn said(&self, app: &AppName) -> Sentence {
        match &self.standing {
            Standing::Successor(before) => sentence::card_signed_successor(self.label(), before),
            _ if self.is_official => sentence::card_signed_official(self.key.fingerprint().to_string()),
            Standing::Pinned => sentence::card_signed_pinned(self.label(), app),
            Standing::Known => sentence::card_signed_known(self.label(), app),
            Standing::New => sentence::card_signed_new(self.label(), app),
        }
    }

    /// What to look at twice.
    pub(crate) fn warnings(&self) -> Vec<Sentence> {
        let mut warnings = Vec::new();
        match &self.standing {
            Standing::New => warnings.push(sentence::card_warning_publisher_new()),
            Standing::Successor(before) => warnings.push(sentence::card_warning_publisher_changed(before)),
            Standing::Pinned | Standing::Known => {}
        }
        if let Some(newest) = &self.older_than {
            warnings.push(sentence::card_warning_downgrade(newest.to_string()));
        }
        warnings
    }
}

/// Why a package's signature is not enough.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignerError {
    #[error("{app} is not signed, and on this device its name belongs to {publisher}")]
    Missing { app: AppName, publisher: String },
    #[error("{app} is not signed: it has no {SIGNATURE_FILE}, so nobody's fingerprint, such as {trust}, speaks for it")]
    MissingForTrust { app: AppName, trust: Fingerprint },
    #[error("the package's {SIGNATURE_FILE} is refused: {fault}")]
    Unreadable { fault: MinisignFault },
    #[error("the package's {SIGNATURE_FILE} is no signature of its {SUMS_FILE} by {key}: {fault}")]
    Invalid { fault: MinisignFault, key: String },
    #[error("the package's {SIGNATURE_FILE} was made for '{given}'; this package is '{expected}'")]
    Comment { given: String, expected: String },
    #[error("the package's {PUBLISHER_FILE} is refused: {0}")]
    OwnKey(#[from] PublisherKeyError),
    #[error("the package's {SUCCESSORS_FILE} is refused: {0}")]
    Successors(#[from] SuccessorError),
    #[error("{old} already named {known} as its successor, and this statement names {stated}")]
    SuccessorContradicts { old: String, known: String, stated: Fingerprint },
    #[error("the package is signed with a key that is not known here: number {id}, as its {SIGNATURE_FILE} says")]
    Unknown { id: KeyId },
    #[error("{app} is signed with a key that nobody but the package itself names: {signer}")]
    Untrusted { app: AppName, signer: Fingerprint },
    #[error("{app} is signed with the key {signer}; the one that you accept is {trust}")]
    TrustedAnother { app: AppName, trust: Fingerprint, signer: Fingerprint },
    #[error("{app} is signed by {signer}, but on this device its name belongs to {owner}")]
    Mismatch { app: AppName, owner: String, signer: String },
    #[error("the package's {file} says that {claim} signs it; it is signed by {signer}")]
    Claim { file: &'static str, claim: String, signer: String },
    #[error("the key {signer} calls its publisher '{name}', and you know another publisher of this name: {holder}")]
    NameTaken { name: PublisherName, holder: Fingerprint, signer: Fingerprint },
    #[error("the package is signed by {old}, which named {new} as its successor")]
    Superseded { old: String, new: String },
    #[error("{app} {version} is older than the {newest} that you had already")]
    Downgrade { app: AppName, version: Version, newest: Version },
}

impl SignerError {
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Missing { .. } | Self::MissingForTrust { .. } => ErrorCode::SignatureMissing,
            Self::Unreadable { fault: MinisignFault::Legacy } => ErrorCode::SignatureLegacy,
            Self::Unreadable { .. } => ErrorCode::SignatureUnreadable,
            Self::Invalid { fault: MinisignFault::CommentChanged, .. } | Self::Comment { .. } => {
                ErrorCode::SignatureCommentMismatch
            }
            Self::Invalid { .. } => ErrorCode::SignatureInvalid,
            Self::OwnKey(_) => ErrorCode::PublisherKeyInvalid,
            Self::Successors(_) | Self::SuccessorContradicts { .. } => ErrorCode::SuccessorInvalid,
            Self::Unknown { .. } => ErrorCode::PublisherUnknown,
            Self::Untrusted { .. } | Self::TrustedAnother { .. } => ErrorCode::PublisherUntrusted,
            Self::Mismatch { .. } => ErrorCode::PublisherMismatch,
            Self::Claim { .. } => ErrorCode::PublisherClaimMismatch,
            Self::NameTaken { .. } => ErrorCode::PublisherNameTaken,
            Self::Superseded { .. } => ErrorCode::PublisherSuperseded,
            Self::Downgrade { .. } => ErrorCode::PackageDowngrade,
        }
    }

    /// The next step.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Missing { publisher, .. } => {
                format!("get the signed package from {publisher}; an app of your own needs another name")
            }
            Self::MissingForTrust { .. } => "get the signed package from its publisher; without --trust it installs \
                                             as an unsigned one"
                .to_owned(),
            Self::Unreadable { fault: MinisignFault::Legacy } => {
                "its publisher has to sign it again with 'oikos app sign', or with 'minisign -S' without '-l'"
                    .to_owned()
            }
            Self::Invalid { .. } | Self::Unreadable { .. } => {
                "somebody changed it after it was signed; get it again from its publisher".to_owned()
            }
            Self::Comment { expected, .. } => format!(
                "its publisher has to sign it again with 'oikos app sign', or with minisign -S -m {SUMS_FILE} \
                 -x {SIGNATURE_FILE} -t '{expected}'"
            ),
            Self::OwnKey(_) => {
                format!("its publisher has to sign it with 'oikos app sign', which writes {PUBLISHER_FILE}")
            }
            Self::Successors(_) => "ask its publisher for a package with whole statements".to_owned(),
            Self::SuccessorContradicts { .. } => "one of the two is not from who you think; ask the publisher in \
                                                  another way than by this package"
                .to_owned(),
            Self::Unknown { .. } => {
                "ask its publisher for their public key, then: oikos publisher trust KEY".to_owned()
            }
            Self::Untrusted { signer, .. } => format!(
                "ask its publisher for their fingerprint, in another way than by this package; if it is the same, add \
                 --trust {signer}"
            ),
            Self::TrustedAnother { .. } => {
                "do not install it: whoever made it is not whose fingerprint you have".to_owned()
            }
            Self::Mismatch { owner, .. } => format!(
                "do not install it, unless {owner} says that they changed keys: then ask for a package that carries \
                 their successor statement"
            ),
            Self::Claim { .. } => "get it again from its publisher".to_owned(),
            Self::NameTaken { signer, .. } => format!(
                "if you are sure that they are two, give the new one a name of its own: oikos publisher trust {signer} \
                 --name NAME"
            ),
            Self::Superseded { new, .. } => format!("get the package that {new} signed"),
            Self::Downgrade { .. } => "if you want the older one, add --downgrade".to_owned(),
        }
    }
}

impl From<SignerError> for Failure {
    fn from(error: SignerError) -> Self {
        Self::from_error(error.code(), &error).hint(error.hint())
    }
}
