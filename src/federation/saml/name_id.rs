//! Name identifiers (core §2.2.3): how an identity provider names a person.

use super::names::ASSERTION;
use super::refusal::Refusal;
use super::xml::{Node, escape};

/// A name identifier; two persons differ when any part differs. The value is never trimmed or shortened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId {
    /// The identifier.
    pub value: String,
    /// Its format, `None` for unspecified.
    pub format: Option<String>,
    /// The domain in which it is unique.
    pub name_qualifier: Option<String>,
    /// The service for which it is unique.
    pub sp_name_qualifier: Option<String>,
}

impl NameId {
    /// Reads a `NameID` out of signed bytes: comments are gone from those, so the text is whole; child elements are refused.
    pub(super) fn read(node: Node<'_>) -> Result<Self, Refusal> {
        let value = node.text().filter(|text| !text.trim().is_empty()).ok_or(Refusal::NoSubject)?;
        let attribute = |name| node.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned);
        Ok(Self {
            value,
            format: attribute("Format"),
            name_qualifier: attribute("NameQualifier"),
            sp_name_qualifier: attribute("SPNameQualifier"),
        })
    }

    /// The `NameID` in `parent`, or in an `EncryptedID` there after opening it with `open`.
    pub(super) fn find(parent: Node<'_>, open: impl FnOnce(Node<'_>) -> Result<Self, Refusal>) -> Result<Self, Refusal> {
        match (parent.only(ASSERTION, "NameID"), parent.only(ASSERTION, "EncryptedID")) {
            (Some(node), None) => Self::read(node),
            (None, Some(encrypted)) => open(encrypted),
            _ => Err(Refusal::NoSubject),
        }
    }

    /// The element, as a logout request carries it.
    pub(super) fn write(&self) -> String {
        let mut xml = String::from("<saml:NameID");
        let attributes = [
            ("NameQualifier", &self.name_qualifier),
            ("SPNameQualifier", &self.sp_name_qualifier),
            ("Format", &self.format),
        ];
        for (name, value) in attributes {
            if let Some(value) = value {
                xml.push_str(&format!(" {name}=\"{}\"", escape(value)));
            }
        }
        xml.push_str(&format!(">{}</saml:NameID>", escape(&self.value)));
        xml
    }
}
