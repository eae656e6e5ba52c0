//! Attacks on the parser and on what is read as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::MAX_MESSAGE;
use super::support::{Draft, Waiting, draft, refused, take};

#[test]
fn external_entities_are_refused() {
    let doctype = "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let response = draft(|d| d.name_id = "<saml:NameID>&x;</saml:NameID>".to_owned());
    assert_eq!(
        refused(&format!("{doctype}{}", response.around(&response.assertion()))),
        "forbidden_xml"
    );
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut doctype = String::from("<!DOCTYPE r [<!ENTITY a0 \"ha\">");
    for level in 1..30 {
        doctype.push_str(&format!("<!ENTITY a{level} \"&a{0};&a{0};\">", level - 1));
    }
    assert_eq!(refused(&format!("{doctype}]>{}", Draft::default().signed())), "forbidden_xml");
}

#[test]
fn any_document_type_is_refused() {
    assert_eq!(
        refused(&format!(
            "<!DOCTYPE r SYSTEM \"https://evil.example/r.dtd\">{}",
            Draft::default().signed()
        )),
        "forbidden_xml"
    );
    assert_eq!(
        refused(&format!("<?xml version=\"1.0\"?>\n<!DOCTYPE r>{}", Draft::default().signed())),
        "forbidden_xml"
    );
}

#[test]
fn an_undeclared_entity_is_refused() {
    let response = Draft::default().signed().replace(">ada<", ">&who;<");
    assert_eq!(refused(&response), "not_xml");
}

#[test]
fn processing_instructions_are_refused() {
    assert_eq!(
        refused(&Draft::default().signed().replace(">ada<", ">ad<?x y?>a<")),
        "forbidden_xml"
    );
}

#[test]
fn a_comment_in_the_name_does_not_shorten_it() {
    // CVE-2017-11427 and its kin: a comment is not part of what is signed, so it can be added afterwards.
    let whole = draft(|d| d.name_id = "<saml:NameID>root@portal.example.evil.example</saml:NameID>".to_owned()).signed();
    let commented = whole.replace("portal.example.evil", "portal.example<!-- -->.evil");
    assert_ne!(whole, commented);
    assert_eq!(take(&commented).unwrap().subject.value, "root@portal.example.evil.example");
}

#[test]
fn a_comment_in_an_attribute_value_does_not_shorten_it() {
    let commented = Draft::default().signed().replace("ada@partner", "ad<!-- x -->a@partner");
    assert_eq!(take(&commented).unwrap().attributes["mail"], ["ada@partner.example"]);
}

#[test]
fn character_data_and_references_are_read_as_signed() {
    let same = Draft::default().signed().replace(">ada<", "><![CDATA[a]]>&#100;a<");
    assert_eq!(take(&same).unwrap().subject.value, "ada");
    let other = Draft::default().signed().replace(">ada<", "><![CDATA[root]]><");
    assert_eq!(refused(&other), "content_changed");
}

#[test]
fn a_name_with_elements_inside_is_refused() {
    let nested = draft(|d| d.name_id = "<saml:NameID>root<saml:b>@evil</saml:b></saml:NameID>".to_owned());
    assert_eq!(refused(&nested.signed()), "no_subject");
}

#[test]
fn truncated_base64_is_refused() {
    let whole = STANDARD.encode(Draft::default().signed());
    assert_eq!(
        Waiting::default().take_encoded(&whole[..whole.len() - 1]).unwrap_err().code(),
        "undecodable"
    );
    // Cut between two groups of four, so that it still decodes.
    assert_eq!(
        Waiting::default().take_encoded(&whole[..whole.len() / 8 * 4]).unwrap_err().code(),
        "not_xml"
    );
    assert_eq!(Waiting::default().take_encoded("").unwrap_err().code(), "not_xml");
    assert_eq!(Waiting::default().take_encoded("%%%").unwrap_err().code(), "undecodable");
}

#[test]
fn base64_over_several_lines_is_read() {
    let lines: Vec<String> = STANDARD
        .encode(Draft::default().signed())
        .as_bytes()
        .chunks(76)
        .map(|l| String::from_utf8(l.to_vec()).unwrap())
        .collect();
    assert!(Waiting::default().take_encoded(&lines.join("\r\n")).is_ok());
}

#[test]
fn a_megabyte_is_not_even_decoded() {
    assert_eq!(
        Waiting::default().take_encoded(&"A".repeat(1024 * 1024)).unwrap_err().code(),
        "too_large"
    );
    assert_eq!(
        Waiting::default().take_encoded(&"A".repeat(MAX_MESSAGE)).unwrap_err().code(),
        "not_xml"
    );
}

#[test]
fn text_in_another_encoding_is_refused() {
    let utf16: Vec<u8> = Draft::default().signed().encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert!(Waiting::default().take_encoded(&STANDARD.encode(utf16)).is_err());
    assert_eq!(
        Waiting::default()
            .take_encoded(&STANDARD.encode([b'<', 0xff, 0xfe]))
            .unwrap_err()
            .code(),
        "undecodable"
    );
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
    assert_eq!(refused(&deep), "not_xml");
}
