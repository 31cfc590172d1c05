//! The text form of every secret that is handed out: a word that says what it is, 256 random bits, and a checksum. A
//! scanner finds one in a log or a repository by its word (`oikos_[0-9a-f]{72}`), and a slip of the hand is told from a
//! guess without a look at what is kept.
//!
//! What is kept is a SHA-256. Slow hashes are for what people make up: 256 random bits cannot be guessed however fast the
//! hash is, and a slow one would be a cheap way to keep the machine busy.

use link::Secret;
use protocol::{Digest, Entropy, ShownOnce, sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;

/// What a credential is for; one for one purpose is none for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An API key.
    Key,
    /// What makes the first API key.
    Bootstrap,
    /// What signs in a browser, once.
    Link,
    /// What a signed-in browser keeps as a cookie.
    Login,
    /// What the page of a login holds beside the cookie.
    Page,
    /// What lets a browser in where an app answers, once.
    Entry,
    /// What a browser that was let in there keeps as a cookie.
    Visit,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] =
        &[Self::Key, Self::Bootstrap, Self::Link, Self::Login, Self::Page, Self::Entry, Self::Visit];

    /// The word that its texts begin with.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Key => "oikos_",
            Self::Bootstrap => "oikosfirst_",
            Self::Link => "oikoslink_",
            Self::Login => "oikoslogin_",
            Self::Page => "oikospage_",
            Self::Entry => "oikosentry_",
            Self::Visit => "oikosvisit_",
        }
    }
}

/// Digits of the random part.
const BODY_DIGITS: usize = 64;
/// Digits of the checksum.
const SUM_DIGITS: usize = 8;
/// Digits of the random part by which wrong ones are counted together, whoever sends them.
const PREFIX_DIGITS: usize = 8;
/// Characters that a list shows.
const SHOWN: usize = 4;

/// A credential, in memory. It cannot be printed.
pub struct Credential {
    kind: Kind,
    secret: Secret<[u8; 32]>,
}

/// A text is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialFault {
    /// It does not look like one of this kind.
    Form,
    /// It looks like one, and was not copied as it was.
    Checksum,
}

impl fmt::Display for CredentialFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "it does not look like one",
            Self::Checksum => "its checksum does not fit: a character was lost or changed on the way",
        })
    }
}

impl std::error::Error for CredentialFault {}

impl Credential {
    /// A new one.
    pub fn generate(kind: Kind, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self { kind, secret: Secret::new(bytes) }
    }

    /// Reads one of a kind.
    pub fn read(kind: Kind, text: &str) -> Result<Self, CredentialFault> {
        let digits = text.strip_prefix(kind.word()).ok_or(CredentialFault::Form)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != BODY_DIGITS + SUM_DIGITS || !digits.bytes().all(is_digit) {
            return Err(CredentialFault::Form);
        }
        let (body, sum) = digits.split_at(BODY_DIGITS);
        let mut bytes = [0; 32];
        hex::decode_to_slice(body, &mut bytes).map_err(|_| CredentialFault::Form)?;
        let read = Self { kind, secret: Secret::new(bytes) };
        if checksum(kind, body).as_bytes().ct_eq(sum.as_bytes()).into() {
            return Ok(read);
        }
        Err(CredentialFault::Checksum)
    }

    /// What is handed out.
    pub fn text(&self) -> ShownOnce {
        let body = Secret::new(hex::encode(self.secret.expose()));
        ShownOnce::new(format!("{}{}{}", self.kind.word(), body.expose(), checksum(self.kind, body.expose())))
    }

    /// What is kept in its place. It says nothing about the credential.
    pub fn digest(&self) -> Digest {
        let bytes = Secret::new([self.kind.word().as_bytes(), self.secret.expose()].concat());
        sha256(bytes.expose())
    }

    /// The end of its text, by which its owner tells it from others.
    pub fn last_four(&self) -> String {
        let text = self.text();
        text.expose()[text.expose().len() - SHOWN..].to_owned()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({:?}, {})", self.kind, self.secret)
    }
}

/// By what wrong credentials are counted together, whoever sends them: the first digits of what was sent, or what there is
/// of it.
pub(super) fn prefix_of(text: &str) -> &str {
    let body = text.split_once('_').map_or(text, |(_, body)| body);
    let end = body.char_indices().nth(PREFIX_DIGITS).map_or(body.len(), |(place, _)| place);
    &body[..end]
}

/// Whether a text has the beginning of a credential in it: what must not stand in an address.
pub(super) fn is_within(text: &str) -> bool {
    /// Fewer digits are a word that somebody wrote.
    const DIGITS_MIN: usize = 16;
    Kind::ALL.iter().any(|kind| {
        text.match_indices(kind.word()).any(|(place, word)| {
            text[place + word.len()..].bytes().take_while(u8::is_ascii_hexdigit).count() >= DIGITS_MIN
        })
    })
}

fn checksum(kind: Kind, body: &str) -> String {
    let mut sum = crc32fast::Hasher::new();
    sum.update(kind.word().as_bytes());
    sum.update(body.as_bytes());
    format!("{:08x}", sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use testkit::TestEntropy;

    fn check(text: &str, expected: Result<(), CredentialFault>) {
        assert_eq!(Credential::read(Kind::Key, text).map(drop), expected, "{text}");
    }

    #[test]
    fn what_was_handed_out_is_read_and_nothing_else() {
        let key = Credential::generate(Kind::Key, &TestEntropy::seeded(1));
        let text = key.text().expose().to_owned();
        assert_eq!(text.len(), "oikos_".len() + 72);
        check(&text, Ok(()));
        assert!(text.ends_with(&key.last_four()));
        check("", Err(CredentialFault::Form));
        check("oikos_", Err(CredentialFault::Form));
        check("hunter2", Err(CredentialFault::Form));
        check(&text[..text.len() - 1], Err(CredentialFault::Form));
        check(&format!("{text}0"), Err(CredentialFault::Form));
        check(&format!(" {text}"), Err(CredentialFault::Form));
        check(&text.to_uppercase(), Err(CredentialFault::Form));
        check(&text.replace('_', "-"), Err(CredentialFault::Form));
        let swapped = if text.as_bytes()[10] == b'0' { "1" } else { "0" };
        check(&format!("{}{swapped}{}", &text[..10], &text[11..]), Err(CredentialFault::Checksum));
    }

    #[test]
    fn one_kind_is_not_taken_for_another() {
        for kind in Kind::ALL {
            let text = Credential::generate(*kind, &TestEntropy::seeded(2)).text();
            for other in Kind::ALL {
                assert_eq!(Credential::read(*other, text.expose()).is_ok(), kind == other, "{kind:?} as {other:?}");
            }
        }
        // Neither by giving the same bits another word: the checksum goes over the word too, and so does the digest.
        let of = |kind| Credential::generate(kind, &TestEntropy::seeded(3));
        let renamed = of(Kind::Login).text().expose().replace("oikoslogin_", "oikos_");
        check(&renamed, Err(CredentialFault::Checksum));
        assert_ne!(of(Kind::Login).digest(), of(Kind::Key).digest());
    }

    #[test]
    fn a_credential_is_seen_in_an_address() {
        let text = Credential::generate(Kind::Link, &TestEntropy::seeded(4)).text();
        assert!(is_within(&format!("/x/{}", text.expose())) && is_within("a=oikos_0123456789abcdef"));
        assert!(!is_within("/docs/oikos_household") && !is_within("oikos_") && !is_within(""));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,90}") {
            drop(Credential::read(Kind::Key, &text));
            prefix_of(&text);
            is_within(&text);
        }

        #[test]
        fn one_changed_character_is_found(seed in any::<u64>(), place in 6_usize..78, digit in "[0-9a-f]") {
            let text = Credential::generate(Kind::Key, &TestEntropy::seeded(seed)).text().expose().to_owned();
            let changed = format!("{}{digit}{}", &text[..place], &text[place + 1..]);
            prop_assert_eq!(Credential::read(Kind::Key, &changed).is_ok(), changed == text);
        }
    }
}
