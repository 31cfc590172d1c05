//! Who can be asked, and where: what a configuration says about a provider, without its key.

use crate::{Dialect, HttpDraft, Prefill, Wire};
use protocol::text::shorten;
use serde::{Deserialize, Serialize};

/// The longest id of a provider.
const ID_BYTES_MAX: usize = 32;
/// The longest base address.
const BASE_BYTES_MAX: usize = 512;
/// Characters of a mistake that an error repeats.
const GIVEN_CHARS_MAX: usize = 80;

/// A provider: who answers, on which wire, and what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    /// What it is called here: in settings, prices, logs.
    pub id: String,
    /// How it is spoken to.
    pub wire: Wire,
    /// What stands before each path: `https://api.openai.com/v1`.
    pub base: String,
    /// What it makes of its wire.
    #[serde(default)]
    pub dialect: Dialect,
    /// Whether it wants a key. Servers on one's own machine mostly do not.
    #[serde(default)]
    pub needs_key: bool,
    /// Its models, as far as something is to be said about them. It may have more.
    #[serde(default)]
    pub models: Vec<Model>,
}

/// What is known of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Model {
    /// Its name in requests.
    pub name: String,
    /// Tokens that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
    /// Tokens that it answers with at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_max: Option<u32>,
    /// Whether it goes on with words of its own, where that is not as its server does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefill: Option<Prefill>,
}

/// Why a provider is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Not an id.
    #[error(
        "{given:?} is no name of a provider\nhint: a letter, then letters, digits and `-`, all small, at most {ID_BYTES_MAX}"
    )]
    Id {
        /// As given.
        given: String,
    },
    /// Not an address.
    #[error(
        "{given:?} is no address of a provider\nhint: `https://host/path`, without a user, a key, a query or a fragment"
    )]
    Base {
        /// As given.
        given: String,
    },
    /// A model without a name, or twice.
    #[error("the model {given:?} has no name, or has it twice\nhint: each model of a provider has one entry")]
    Model {
        /// As given.
        given: String,
    },
}

/// Providers that need no more than a key, or nothing at all: id, wire, base address, dialect, whether it wants a key.
const KNOWN: &[(&str, Wire, &str, Dialect, bool)] = &[
    ("openai", Wire::OpenaiResponses, "https://api.openai.com/v1", Dialect::OPENAI, true),
    ("anthropic", Wire::Anthropic, "https://api.anthropic.com/v1", Dialect::ANTHROPIC, true),
    ("gemini", Wire::Gemini, "https://generativelanguage.googleapis.com/v1beta", Dialect::GEMINI, true),
    ("ollama", Wire::Ollama, "http://127.0.0.1:11434", Dialect::OLLAMA, false),
    ("vllm", Wire::OpenaiChat, "http://127.0.0.1:8000/v1", Dialect::VLLM, false),
    ("llama-cpp", Wire::OpenaiChat, "http://127.0.0.1:8080/v1", Dialect::LLAMA_CPP, false),
    ("lm-studio", Wire::OpenaiChat, "http://127.0.0.1:1234/v1", Dialect::LM_STUDIO, false),
];

impl Provider {
    /// Those that are known, where they are by themselves. The servers among them are also where to look on one's own machine.
    pub fn known() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|(id, wire, base, dialect, needs_key)| Self {
            id: (*id).to_owned(),
            wire: *wire,
            base: (*base).to_owned(),
            dialect: *dialect,
            needs_key: *needs_key,
            models: Vec::new(),
        })
    }

    /// Whether it can be taken as it stands.
    pub fn check(&self) -> Result<(), ProviderError> {
        let id = self.id.as_bytes();
        let is_letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        if !id.first().is_some_and(u8::is_ascii_lowercase) || id.len() > ID_BYTES_MAX || !id.iter().all(is_letter) {
            return Err(ProviderError::Id { given: shorten(&self.id, GIVEN_CHARS_MAX) });
        }
        let rest = self.base.strip_prefix("https://").or_else(|| self.base.strip_prefix("http://"));
        // A key in an address would stand in logs; what else is wrong with it, the broker says when it reads it.
        let is_plain = |rest: &&str| {
            !rest.is_empty()
                && !rest.contains(['?', '#', '@', '\\'])
                && rest.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if rest.filter(is_plain).is_none() || self.base.len() > BASE_BYTES_MAX {
            return Err(ProviderError::Base { given: shorten(&self.base, GIVEN_CHARS_MAX) });
        }
        let mut names = std::collections::HashSet::new();
        match self.models.iter().find(|model| model.name.is_empty() || !names.insert(&model.name)) {
            Some(model) => Err(ProviderError::Model { given: shorten(&model.name, GIVEN_CHARS_MAX) }),
            None => Ok(()),
        }
    }

    /// What is known of a model.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// What it makes of its wire with this model.
    pub fn dialect_of(&self, model: &str) -> Dialect {
        let prefill = self.model(model).and_then(|model| model.prefill);
        Dialect { prefill: prefill.unwrap_or(self.dialect.prefill), ..self.dialect }
    }

    /// The whole address of a request.
    pub fn address(&self, draft: &HttpDraft) -> String {
        format!("{}{}", self.base.trim_end_matches('/'), draft.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Provider {
        Provider::known().next().expect("there are some")
    }

    #[test]
    fn those_that_are_known_can_be_taken() {
        for provider in Provider::known() {
            assert_eq!(provider.check(), Ok(()));
            let written = serde_json::to_string(&provider).expect("is JSON");
            assert_eq!(serde_json::from_str::<Provider>(&written).expect("is a provider"), provider);
            assert_eq!(provider.needs_key, provider.base.starts_with("https://"));
        }
    }

    #[test]
    fn paths_go_behind_the_base() {
        let draft = Wire::OpenaiChat.encode_listing();
        let provider = Provider { base: "http://127.0.0.1:8000/v1/".to_owned(), ..provider() };
        assert_eq!(provider.address(&draft), "http://127.0.0.1:8000/v1/models");
    }

    #[test]
    fn a_model_may_differ_from_its_server() {
        let models = vec![Model { name: "old".to_owned(), prefill: Some(Prefill::LastMessage), ..Model::default() }];
        let provider = Provider { models, ..provider() };
        assert_eq!(provider.dialect_of("old").prefill, Prefill::LastMessage);
        assert_eq!(provider.dialect_of("new"), provider.dialect);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for id in ["", "9a", "Open", "a b", "a_b", &"a".repeat(33)] {
            let wrong = Provider { id: id.to_owned(), ..provider() };
            assert!(matches!(wrong.check(), Err(ProviderError::Id { .. })), "{id}");
        }
        for base in [
            "",
            "api.openai.com",
            "ftp://a",
            "https://",
            "https://key@a",
            "https://a?key=b",
            "https://a#b",
            "https://a b",
        ] {
            let wrong = Provider { base: base.to_owned(), ..provider() };
            assert!(matches!(wrong.check(), Err(ProviderError::Base { .. })), "{base}");
        }
        let twice = Model { name: "a".to_owned(), ..Model::default() };
        let wrong = Provider { models: vec![twice.clone(), twice], ..provider() };
        assert!(matches!(wrong.check(), Err(ProviderError::Model { .. })));
        let unknown = r#"{"id": "a", "wire": "gemini", "base": "https://a", "key": "secret"}"#;
        assert!(serde_json::from_str::<Provider>(unknown).is_err(), "a key has no place here");
    }
}
