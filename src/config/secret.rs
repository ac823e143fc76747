//! Where a secret comes from. The shell fetches it; this room never reads one from outside the file.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use crate::model::Secret;

use super::scalars::{AbsolutePath, CredentialName, VariableName};

/// Longest inline secret, in characters (QMI WDS: at most 127 octets of password).
const MAX_CHARS: usize = 127;

/// A password or PIN, or where it is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretSource {
    /// Written in the file itself.
    Inline(Secret),
    /// A systemd credential: a file in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// The first line of a file.
    File(String),
    /// An environment variable of the daemon.
    Variable(String),
}

#[derive(serde::Deserialize)]
enum Reference {
    #[serde(rename = "credential")]
    Credential(CredentialName),
    #[serde(rename = "file")]
    File(AbsolutePath),
    #[serde(rename = "env")]
    Variable(VariableName),
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or one of `credential`, `file`, `env`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretSource, E> {
        if (1..=MAX_CHARS).contains(&text.chars().count()) {
            Ok(SecretSource::Inline(Secret::new(text.to_owned())))
        } else {
            Err(E::custom("a secret of 1 to 127 characters"))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SecretSource, A::Error> {
        Ok(match Reference::deserialize(MapAccessDeserializer::new(map))? {
            Reference::Credential(name) => SecretSource::Credential(name.0),
            Reference::File(path) => SecretSource::File(path.0),
            Reference::Variable(name) => SecretSource::Variable(name.0),
        })
    }
}

impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut credential = generator.subschema_for::<CredentialName>();
        credential.insert("description".into(), "A systemd credential, for example set by `LoadCredential=`.".into());
        let mut file = generator.subschema_for::<AbsolutePath>();
        file.insert("description".into(), "A file; its first line is the secret.".into());
        let mut env = generator.subschema_for::<VariableName>();
        env.insert("description".into(), "An environment variable of the daemon.".into());
        json_schema!({
            "description": "A secret: where to find it, or the secret itself.",
            "writeOnly": true,
            "anyOf": [
                { "type": "string", "minLength": 1, "maxLength": MAX_CHARS, "description": "The secret itself." },
                {
                    "type": "object",
                    "description": "Where to find the secret: one of these.",
                    "properties": { "credential": credential, "file": file, "env": env },
                    "additionalProperties": false,
                    "minProperties": 1,
                    "maxProperties": 1
                }
            ]
        })
    }
}
