//! The section about hosts on the page `/admin/apps/{app}/clients`.

use leptos::prelude::*;

use crate::{ui::*, web::routes};

/// Which hosts an application has, and the form to change them.
pub fn section(slug: String, version: i32, hosts: &[String], form: FormState, public_url: &str) -> AnyView {
    let text = hosts.join("\n");
    let open = form.has_errors();
    let purpose = "An application that knows headers alone stands behind a proxy of yours, which asks the portal for each request.";
    let address = format!("{public_url}{}", routes::FORWARD_AUTH);
    let now = if hosts.is_empty() {
        view! { <Muted>"No host yet."</Muted> }.into_any()
    } else {
        let items = hosts.iter().cloned().map(|host| view! { <Code>{host}</Code> }.into_any()).collect();
        view! { <BulletList items=items /> }.into_any()
    };
    view! {
        <Section title="Behind a proxy" id="hosts">
            <Stack>
                <Paragraph>{purpose}</Paragraph>
                {now}
                <CopyField label="Address that the proxy asks" value=address />
                <Disclosure summary="Change the hosts" open=open>
                    <Form action="/do/set-forward-hosts" form=form id="hosts-form">
                        <Hidden name="application" value=slug />
                        <Hidden name="version" value=version.to_string() />
                        <TextArea name="hosts" label="Hosts" rows=3 monospace=true value=text
                            hint="One per line, as browsers show them: wiki.example.com. People who are there now sign in again when it is taken away." />
                        <FormActions><SubmitButton>"Save the hosts"</SubmitButton></FormActions>
                    </Form>
                </Disclosure>
            </Stack>
        </Section>
    }
    .into_any()
}
