//! The authenticator app on the security page: set up with a QR code, recovery codes, removal.

use leptos::prelude::*;
use qrcode::{Color, EcLevel, QrCode};

use super::super::{super::totp::TotpSecret, queries::Account};
use crate::ui::*;

/// Nothing is set up: explain and begin.
pub fn none_yet(form: FormState) -> AnyView {
    view! {
        <Card>
            <Stack>
                <p>
                    "An app on your phone shows a new six-digit code every 30 seconds. With it, a stolen password alone does not let anyone in. "
                    "Any app for time-based codes works, also a password manager."
                </p>
                <Form action="/do/begin-totp" form=form id="begin-totp">
                    <Field name="current" label="Present password" kind="password" autocomplete="current-password" required=true
                        hint="So that nobody else ties your account to their phone." />
                    <FormActions><SubmitButton icon="phone">"Set up an authenticator app"</SubmitButton></FormActions>
                </Form>
            </Stack>
        </Card>
    }
    .into_any()
}

/// The QR code was asked for: show it and the key, ask for the first code.
pub fn confirming(form: FormState, secret: &TotpSecret, issuer: &str, account: &str) -> AnyView {
    let autofocus = !form.has_errors();
    let image = qr_code(&secret.address(issuer, account));
    let key = secret.key();
    view! {
        <Card title="Scan, then confirm">
            <Stack>
                <p>"1. Scan this with your authenticator app, or type the key into it."</p>
                {image}
                <CopyField label="Key" value=key />
                <p>"2. Enter the six digits that the app shows then."</p>
                <Form action="/do/confirm-totp" form=form id="confirm-totp">
                    <Field name="code" label="Code" autocomplete="one-time-code" inputmode="numeric" maxlength="7" required=true
                        autofocus=autofocus width=Width::Short />
                    <FormActions>
                        <SubmitButton>"Confirm"</SubmitButton>
                    </FormActions>
                </Form>
                <PostButton action="/do/cancel-totp" kind=Kind::Ghost>"Cancel the setup"</PostButton>
            </Stack>
        </Card>
    }
    .into_any()
}

/// The authenticator is in use.
pub fn in_use(account: &Account) -> AnyView {
    let since = account
        .person
        .totp_confirmed_at
        .map(|at| view! { <DateTimeText at=at date_only=true /> });
    let left = account.recovery_codes_left;
    let left_words = format!("{left} left");
    let few = (left <= 3).then(|| view! { <Notice tone=Tone::Warn>"Make new recovery codes before you run out of them."</Notice> });
    view! {
        <Card>
            <Stack>
                <DefinitionList>
                    <Definition term="Authenticator app"><Badge tone=Tone::Good>"Set up"</Badge> " since " {since}</Definition>
                    <Definition term="Recovery codes">{left_words}</Definition>
                </DefinitionList>
                {few}
                <Cluster>
                    <Confirm id="new-codes" trigger="New recovery codes…" title="Make new recovery codes?" verb="Make new recovery codes"
                        action="/do/create-recovery-codes" kind=Kind::Secondary>
                        {format!("The {left} codes you have left stop working at once, wherever you keep them. You get ten new ones, shown once.")}
                    </Confirm>
                    <Confirm id="remove-totp" trigger="Remove authenticator app…" title="Remove the authenticator app?"
                        verb="Remove authenticator app" action="/do/remove-totp">
                        "Your password alone signs you in then, your recovery codes stop working, and administrative actions may be closed to you. "
                        "You can set up an app again at any time."
                    </Confirm>
                </Cluster>
            </Stack>
        </Card>
    }
    .into_any()
}

/// Fresh recovery codes, shown this once.
pub fn new_codes(codes: &[String], go_on: Option<&'static str>) -> AnyView {
    let lines = codes.join("\n");
    let go_on = go_on.map(|href| view! { <LinkButton href=href>"I have kept them, go on"</LinkButton> });
    view! {
        <Card title="Your recovery codes">
            <Stack>
                <Notice tone=Tone::Warn title="Shown this once">
                    "If you lose your phone, each of these signs you in once. Print them or keep them in a password manager, not on the phone."
                </Notice>
                <CodeBlock label="Recovery codes">{lines}</CodeBlock>
                {go_on}
            </Stack>
        </Card>
    }
    .into_any()
}

/// A QR code as an image without styles; black on white in light and dark, as scanners want it.
fn qr_code(text: &str) -> Option<AnyView> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (index, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", index % width + 4, index / width + 4));
        }
    }
    let side = width + 8;
    Some(
        view! {
            <svg width="220" height="220" viewBox=format!("0 0 {side} {side}") role="img" aria-label="QR code for your authenticator app"
                shape-rendering="crispEdges">
                <rect width="100%" height="100%" fill="#ffffff" />
                <path d=path fill="#000000" />
            </svg>
        }
        .into_any(),
    )
}
