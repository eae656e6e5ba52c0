//! The XML tree as SAML needs it: read without document types, looked at by namespace, canonicalised by subtree; and text escaped
//! for writing. No SAML rules live here.

use std::collections::HashSet;

use bergshamra_xml::nodeset::{NodeSet, NodeSetType};
use uppsala::parser::Parser;
use uppsala::{Document, NodeId, NodeKind};

/// Elements nested deeper than this are refused; a real message needs about 15.
const MAX_DEPTH: u32 = 64;

/// Why a text is not a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlFault {
    /// It declares a document type, and with it perhaps entities. SAML has no use for one.
    DocumentType,
    /// It is not well-formed, or nested too deep.
    Malformed,
}

/// A parsed document.
pub struct Tree {
    document: Document<'static>,
    root: NodeId,
}

impl Tree {
    /// Parses `text`, which must be one well-formed document without a document type.
    pub fn parse(text: &str) -> Result<Self, XmlFault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
            return Err(XmlFault::DocumentType);
        }
        let parser = Parser::new()
            .with_forbid_dtd(true)
            .with_forbid_entities(true)
            .with_max_depth(MAX_DEPTH);
        let document = parser.parse(text).map_err(|_| XmlFault::Malformed)?.into_static();
        let root = document.document_element().ok_or(XmlFault::Malformed)?;
        Ok(Self { document, root })
    }

    /// The document element.
    pub fn root(&self) -> Node<'_> {
        Node {
            document: &self.document,
            id: self.root,
        }
    }

    /// Whether a processing instruction stands anywhere; protocol messages have none.
    pub fn has_processing_instruction(&self) -> bool {
        let mut nodes = vec![self.document.root()];
        while let Some(id) = nodes.pop() {
            if matches!(self.document.node_kind(id), Some(NodeKind::ProcessingInstruction(_))) {
                return true;
            }
            nodes.extend(self.document.children_iter(id));
        }
        false
    }

    /// The first identifier that two elements share, whatever their attribute is called.
    pub fn duplicate_id(&self) -> Option<String> {
        let mut seen = HashSet::new();
        for node in self.root().with_descendants() {
            let element = node.document.element(node.id)?;
            // A set per element: xml:id and ID on one element may agree.
            let ids: HashSet<&str> = element
                .attributes
                .iter()
                .filter(|a| a.name.local_name.eq_ignore_ascii_case("id"))
                .map(|a| &*a.value)
                .collect();
            for id in ids {
                if !seen.insert(id.to_owned()) {
                    return Some(id.to_owned());
                }
            }
        }
        None
    }
}

/// An element of a [`Tree`].
#[derive(Clone, Copy)]
pub struct Node<'t> {
    document: &'t Document<'static>,
    id: NodeId,
}

impl<'t> Node<'t> {
    /// Whether this is the element `local` of the namespace.
    pub fn is(self, namespace: &str, local: &str) -> bool {
        self.document
            .element(self.id)
            .is_some_and(|element| element.matches_name_ns(namespace, local))
    }

    /// The name without its prefix.
    pub fn local_name(self) -> &'t str {
        self.document.element(self.id).map_or("", |element| &*element.name.local_name)
    }

    /// An attribute without a namespace, as all of SAML's own are.
    pub fn attribute(self, name: &str) -> Option<&'t str> {
        let element = self.document.element(self.id)?;
        element
            .attributes
            .iter()
            .find(|a| a.name.namespace_uri.is_none() && a.name.local_name == name)
            .map(|a| &*a.value)
    }

    /// The child elements in order.
    pub fn elements(self) -> impl Iterator<Item = Node<'t>> {
        let Self { document, id } = self;
        document
            .children_iter(id)
            .filter(move |child| document.element(*child).is_some())
            .map(move |id| Node { document, id })
    }

    /// The child elements of that name.
    pub fn all(self, namespace: &'static str, local: &'static str) -> impl Iterator<Item = Node<'t>> {
        self.elements().filter(move |child| child.is(namespace, local))
    }

    /// The child element of that name, when there is exactly one.
    pub fn only(self, namespace: &'static str, local: &'static str) -> Option<Node<'t>> {
        let mut found = self.all(namespace, local);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The first child element of that name.
    pub fn first(self, namespace: &'static str, local: &'static str) -> Option<Node<'t>> {
        self.all(namespace, local).next()
    }

    /// The parent element.
    pub fn parent(self) -> Option<Node<'t>> {
        let id = self.document.parent(self.id)?;
        self.document.element(id).map(|_| Node {
            document: self.document,
            id,
        })
    }

    /// This element and all below, in document order.
    pub fn with_descendants(self) -> Vec<Node<'t>> {
        let mut found = Vec::new();
        let mut ahead = vec![self];
        while let Some(node) = ahead.pop() {
            found.push(node);
            let children: Vec<_> = node.elements().collect();
            ahead.extend(children.into_iter().rev());
        }
        found
    }

    /// All character data directly inside, across comments; `None` when an element is among it.
    pub fn text(self) -> Option<String> {
        let mut text = String::new();
        for child in self.document.children_iter(self.id) {
            match self.document.node_kind(child)? {
                NodeKind::Text(part) | NodeKind::CData(part) => text.push_str(part),
                NodeKind::Element(_) => return None,
                _ => {}
            }
        }
        Some(text)
    }

    /// [`Node::text`] without the white space around it, for addresses and identifiers of parties.
    pub fn trimmed(self) -> Option<String> {
        self.text().map(|text| text.trim().to_owned())
    }

    /// Prefixes and namespaces in scope, the nearest declaration of each.
    pub fn namespaces(self) -> Vec<(String, String)> {
        let mut scope: Vec<(String, String)> = Vec::new();
        let mut at = Some(self);
        while let Some(node) = at {
            if let Some(element) = node.document.element(node.id) {
                for (prefix, uri) in &element.namespace_declarations {
                    if !scope.iter().any(|(known, _)| known == prefix) {
                        scope.push((prefix.to_string(), uri.to_string()));
                    }
                }
            }
            at = node.parent();
        }
        scope
    }

    /// The exclusive canonical form of this subtree, without the subtree `without` and without comments
    /// (Exclusive XML Canonicalization 1.0). `prefixes` is the PrefixList of `InclusiveNamespaces`.
    pub fn canonical(self, without: Option<Node<'_>>, prefixes: &[String]) -> Option<String> {
        let left_out = without.map(|node| node.id);
        let mut members = HashSet::new();
        let mut ahead = vec![self.id];
        while let Some(id) = ahead.pop() {
            if Some(id) != left_out {
                members.insert(id.index());
                ahead.extend(self.document.children_iter(id));
            }
        }
        let members = NodeSet::from_ids(members, NodeSetType::Normal);
        let bytes = bergshamra_c14n::exclusive::canonicalize(self.document, false, Some(&members), prefixes).ok()?;
        String::from_utf8(bytes).ok()
    }
}

/// Text for element content or a double-quoted attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' => escaped.push_str("&#x9;"),
            '\n' => escaped.push_str("&#xA;"),
            '\r' => escaped.push_str("&#xD;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Base64 of an XML document, which may be broken over lines.
pub fn base64_without_space(text: &str) -> String {
    text.chars()
        .filter(|character| !matches!(character, ' ' | '\t' | '\r' | '\n'))
        .collect()
}
