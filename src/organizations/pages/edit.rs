//! `/partners/new` and `/partners/{org}/edit`.

use leptos::prelude::*;

use super::{
    lifetimes::lifetimes_card,
    profile_form::{owner_fields, profile_fields},
    settings::branding_card,
};
use crate::{
    kernel::{PersonId, day_of},
    organizations::{
        Organization, OrganizationStatus,
        queries::{self, EditForm},
        templates::{self, pages as template_parts},
    },
    ui::*,
    web::{Content, PageError, page, routes},
};

pub(super) fn new() -> AnyView {
    page(|cx| async move {
        let EditForm { owners, may_assign, .. } = queries::new_partner(&cx.qx).await?;
        let start = templates::queries::for_new_partner(&cx.qx, cx.query("template").as_deref()).await?;
        let form = cx.form("partner");
        let today = day_of(cx.qx.now, cx.qx.tenant.time_zone);
        let due = template_parts::first_due(&start, today).to_string();
        let choice = template_parts::choice(&start);
        Ok::<_, PageError>(Content::new(
            "New partner",
            view! {
                <PageHeader title="New partner" purpose="It starts as being set up: its people get in once it has a contract and is activated."
                    crumbs=vec![Crumb::new(routes::PARTNERS, "Partners"), Crumb::here("New partner")] />
                {choice}
                <Card>
                    <Form action="/do/create-partner" form=form>
                        {profile_fields(None, None, start.chosen.as_ref().map(|(template, _)| template))}
                        <Field name="short_name" label="Short name" hint="For addresses; made from the name when left empty. It cannot be changed later."
                            placeholder="acme-consulting" maxlength="60" />
                        <Fieldset legend="Responsibility">
                            {new_owner(&owners, may_assign)}
                            <DateField name="next_due" label="First certification due by" required=true value=due min=today.to_string()
                                hint="By then its owner must confirm that the relationship is still needed." />
                        </Fieldset>
                        {template_parts::taken_fields(&start, today)}
                        <FormActions>
                            <SubmitButton>"Create partner"</SubmitButton>
                            <LinkButton href=routes::PARTNERS kind=Kind::Ghost>"Cancel"</LinkButton>
                        </FormActions>
                    </Form>
                </Card>
            },
        ))
    })
}

pub(super) fn edit() -> AnyView {
    page(|cx| async move {
        let EditForm {
            organization,
            parent,
            owners,
            may_assign,
        } = queries::edit_partner(&cx.qx, &cx.param::<String>("org")?).await?;
        let organization = organization.ok_or(PageError::NotFound)?;
        let title = format!("Edit {}", organization.name);
        let crumbs = vec![
            Crumb::new(routes::PARTNERS, "Partners"),
            Crumb::new(routes::partner(&organization.slug), organization.name.clone()),
            Crumb::here("Edit"),
        ];
        let body = if organization.status == OrganizationStatus::Offboarded {
            view! { <Notice tone=Tone::Warn title="This relationship is over">"What is written here stays as it was."</Notice> }.into_any()
        } else {
            let owner = may_assign.then(|| owner_card(&organization, &owners, cx.form("owner")));
            let branding = branding_card(&organization, cx.form("branding"), true);
            let tokens = lifetimes_card(&organization, cx.form("lifetimes"));
            view! { <Stack gap=Gap::Large>{profile_card(&organization, parent, cx.form("profile"))}{owner}{tokens}{branding}</Stack> }
                .into_any()
        };
        Ok(Content::new(
            title.clone(),
            view! { <PageHeader title=title crumbs=crumbs />{body} },
        ))
    })
}

fn new_owner(owners: &[(PersonId, String)], may_assign: bool) -> AnyView {
    if may_assign {
        return owner_fields(owners, None, None);
    }
    view! { <Notice tone=Tone::Info>"You become the owner of this partner. An operator can name somebody else later."</Notice> }.into_any()
}

fn profile_card(organization: &Organization, parent: Option<String>, form: FormState) -> AnyView {
    let (slug, version) = (organization.slug.clone(), organization.version.to_string());
    let back = routes::partner(&slug);
    // Fields find what was typed only while the form around them is made, so they take their data along.
    let organization = organization.clone();
    view! {
        <FormCard title="Profile" action="/do/change-partner" form=form id="profile">
            <Hidden name="organization" value=slug />
            <Hidden name="version" value=version />
            {profile_fields(Some(&organization), parent, None)}
            <FormActions><SubmitButton>"Save profile"</SubmitButton><LinkButton href=back kind=Kind::Ghost>"Cancel"</LinkButton></FormActions>
        </FormCard>
    }
    .into_any()
}

fn owner_card(organization: &Organization, owners: &[(PersonId, String)], form: FormState) -> AnyView {
    let (slug, version) = (organization.slug.clone(), organization.version.to_string());
    let (owners, owner, deputy) = (owners.to_vec(), organization.owner, organization.deputy);
    view! {
        <FormCard title="Responsibility" purpose="Only people with the role of a partner owner can be chosen." action="/do/assign-owner" form=form id="owner">
            <Hidden name="organization" value=slug />
            <Hidden name="version" value=version />
            {owner_fields(&owners, owner, deputy)}
            <FormActions><SubmitButton>"Save owner and deputy"</SubmitButton></FormActions>
        </FormCard>
    }
    .into_any()
}
