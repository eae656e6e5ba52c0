//! The fields of a partner's profile, the same for a new partner and for one that is edited.

use leptos::prelude::*;

use crate::{
    kernel::PersonId,
    organizations::{Organization, profile, templates::Template},
    ui::*,
};

/// Name, kind, description, parent, metadata, step-up; a new partner begins with what its template says.
pub(super) fn profile_fields(organization: Option<&Organization>, parent: Option<String>, template: Option<&Template>) -> AnyView {
    let name = organization.map(|organization| organization.name.clone());
    let kind = organization
        .map(|organization| organization.kind.clone())
        .or_else(|| template.map(|template| template.content.kind.clone()));
    let description = organization.map(|organization| organization.description.clone());
    let metadata = organization.map(|organization| profile::metadata_lines(&organization.metadata));
    let step_up = organization.is_some_and(|organization| organization.require_step_up)
        || template.is_some_and(|template| template.content.require_step_up);
    view! {
        <Field name="name" label="Name" hint="As its people know it." value=name required=true maxlength="120" />
        <Field name="kind" label="Kind of partner" hint="For example consultancy, logistics, reseller, contractor." value=kind required=true maxlength="60" />
        <TextArea name="description" label="What the relationship is about" rows=2 value=description maxlength="500" />
        <Field name="parent" label="Part of" hint="The short name of the partner it belongs to, as in its address, for example acme-group." value=parent maxlength="60" />
        <TextArea name="metadata" label="More about it" rows=4 monospace=true value=metadata placeholder="region=emea"
            hint="One pair per line, for example region=emea. Applications will see these pairs." />
        <Checkbox name="require_step_up" label="Changes need a fresh confirmation with an authenticator app" checked=step_up
            hint="Applies to everyone who changes something about this partner: its own admins and your company's people." />
    }
    .into_any()
}

/// Owner and deputy, as choices.
pub(super) fn owner_fields(owners: &[(PersonId, String)], owner: Option<PersonId>, deputy: Option<PersonId>) -> AnyView {
    let people = |nobody: &'static str| {
        std::iter::once(Choice::new("", nobody))
            .chain(owners.iter().map(|(id, name)| Choice::new(id.to_string(), name.clone())))
            .collect::<Vec<_>>()
    };
    let (owner, deputy) = (owner.map(|id| id.to_string()), deputy.map(|id| id.to_string()));
    view! {
        <Select name="owner" label="Owner" options=people("Choose the owner") selected=owner
            hint="Answers for the partner, certifies it and approves what it asks for." />
        <Select name="deputy" label="Deputy" options=people("Nobody") selected=deputy hint="May do the same when the owner is away." />
    }
    .into_any()
}
