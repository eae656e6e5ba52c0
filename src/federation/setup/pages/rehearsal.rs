//! The rehearsal: who would be locked out or come a second time if people signed in through the connection now.

use leptos::prelude::*;

use super::super::queries::{Connection, Prospect, Rehearsed};
use crate::{federation::domains::Domain, ui::*};

/// So many names are shown.
const SHOWN: usize = 50;

pub(super) fn rehearsal_section(connection: &Connection) -> AnyView {
    let all = connection.rehearsed.len();
    let count = |prospect: Prospect| connection.rehearsed.iter().filter(|person| person.prospect == prospect).count();
    let (known, joined) = (count(Prospect::Known), count(Prospect::WouldBeJoined));
    let (out, twice) = (count(Prospect::LockedOut), count(Prospect::Duplicate));
    let affected: Vec<&Rehearsed> = connection
        .rehearsed
        .iter()
        .filter(|person| person.is_at_risk())
        .take(SHOWN)
        .collect();
    let domains = connection.domains.iter().map(Domain::readable).collect::<Vec<_>>().join(", ");
    let covered = if domains.is_empty() {
        "no proven domain leads here yet".to_owned()
    } else {
        domains
    };
    let sum = out + twice;
    let verdict = if sum == 0 {
        view! { <Notice tone=Tone::Good>"Every member would get in."</Notice> }.into_any()
    } else {
        let text = format!(
            "{out} of {all} members would be locked out, and {twice} would come a second time, because their address is in no domain of this connection."
        );
        view! { <Notice tone=Tone::Warn>{text}</Notice> }.into_any()
    };
    let more = (sum > SHOWN).then(|| view! { <Paragraph>"The first "{SHOWN}" of them are named below."</Paragraph> });
    let rows = affected
        .into_iter()
        .map(|person| {
            let (name, email) = (person.name.clone(), person.email.clone());
            let meaning = match person.prospect {
                Prospect::Duplicate => "would come a second time, with another address",
                _ => "would be locked out",
            };
            view! {
                <Row>
                    <HeadCell label="Person"><Person name=name detail=email /></HeadCell>
                    <Cell label="What would happen">{meaning}</Cell>
                </Row>
            }
        })
        .collect_view();
    let table = (sum > 0).then(|| {
        view! {
            <Table caption="Members who would not get in" columns=vec![Column::new("Person"), Column::new("What would happen")]>{rows}</Table>
        }
    });
    view! {
        <Card title="6. Rehearsal" level=2>
            <Paragraph>"What a switch-over would mean for the people who are members now."</Paragraph>
            {verdict}
            {more}
            <DefinitionList>
                <Definition term="Domains">{covered}</Definition>
                <Definition term="Signed in with it before">{known}</Definition>
                <Definition term="Joined at their first sign-in">{joined}</Definition>
            </DefinitionList>
            {table}
        </Card>
    }
    .into_any()
}
