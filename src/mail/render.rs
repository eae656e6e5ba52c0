//! Letters as mails: one draft per letter, set once as plain text and once as HTML in the tenant's name and colour.
//! Nothing is loaded from elsewhere, every typed word is escaped, and every mail says what to do if it was not expected.

use std::fmt::Write as _;

use crate::{
    kernel::{AccentColor, Timestamp},
    mail::Letter,
    organizations::Tenant,
    ui::branding::light_accent,
};

/// A letter, ready to be queued.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Subject line.
    pub subject: String,
    /// Plain part.
    pub text: String,
    /// HTML part.
    pub html: String,
}

/// What a letter says, before it is set as text and as HTML.
struct Draft {
    subject: String,
    paragraphs: Vec<String>,
    list: Option<(&'static str, Vec<String>)>,
    action: Option<(&'static str, String)>,
    code: Option<String>,
    after: Vec<String>,
    unexpected: &'static str,
}

impl Draft {
    fn new(subject: String, paragraphs: Vec<String>, unexpected: &'static str) -> Self {
        Self {
            subject,
            paragraphs,
            list: None,
            action: None,
            code: None,
            after: Vec::new(),
            unexpected,
        }
    }
    fn action(mut self, label: &'static str, link: String) -> Self {
        self.action = Some((label, link));
        self
    }
}

/// Sets a letter for the tenant's people and partners.
#[must_use]
pub fn render(tenant: &Tenant, letter: Letter) -> Rendered {
    let draft = draft(tenant, letter);
    Rendered {
        subject: one_line(&draft.subject),
        text: as_text(tenant, &draft),
        html: as_html(tenant, &draft),
    }
}

const NOT_EXPECTED: &str =
    "If you did not expect this, do nothing: without you nothing happens. Please do not pass the link or the code on.";
const ASK: &str = "If you do not understand why, ask your contact person.";
const NOT_YOU: &str = "If this was not you, set a new password at once and tell your contact person.";

fn draft(tenant: &Tenant, letter: Letter) -> Draft {
    let us = &tenant.name;
    let when = |at: Timestamp| moment(at, tenant);
    match letter {
        Letter::Invitation { organization, inviter, link, code, expires_at, applications } => {
            let mut draft = Draft::new(
                format!("{inviter} invites you to {organization} at {us}"),
                vec![format!("{inviter} invites you to work for {organization} in the partner portal of {us}.")],
                NOT_EXPECTED,
            )
            .action("Open the invitation", link);
            if !applications.is_empty() {
                draft.list = Some(("You will be able to use:", applications));
            }
            draft.code = Some(code);
            draft.after = vec![format!("Link and code work once, until {}.", when(expires_at))];
            draft
        }
        Letter::HandOver { organization, inviter, leaver, link, code, expires_at } => {
            let mut draft = Draft::new(
                format!("You take over from {leaver} at {organization}"),
                vec![format!(
                    "{inviter} asks you to take over from {leaver}, who works for {organization} in the partner portal of {us}. You get the same applications for the remaining time."
                )],
                NOT_EXPECTED,
            )
            .action("Open the invitation", link);
            draft.code = Some(code);
            draft.after = vec![format!("Link and code work once, until {}.", when(expires_at))];
            draft
        }
        Letter::MembershipAdded { organization, inviter, link } => Draft::new(
            format!("You now also work for {organization}"),
            vec![
                format!("{inviter} added you to {organization} in the partner portal of {us}."),
                "Sign in as you always do, then choose the organization at the top of the page.".to_owned(),
            ],
            ASK,
        )
        .action("Open the portal", link),
        Letter::PasswordReset { link, expires_at } => {
            let mut draft = Draft::new(
                format!("Set a new password for {us}"),
                vec![format!("Somebody, probably you, asked to set a new password for your account in the partner portal of {us}.")],
                "If you did not ask for this, do nothing: your password stays as it is.",
            )
            .action("Set a new password", link);
            draft.after = vec![format!("The link works once, until {}.", when(expires_at))];
            draft
        }
        Letter::PasswordChanged { at } => Draft::new(
            format!("Your password for {us} was changed"),
            vec![format!("The password of your account in the partner portal of {us} was changed on {}.", when(at))],
            NOT_YOU,
        ),
        Letter::SecondFactorChanged { at, what } => Draft::new(
            format!("The second factor of your account at {us} was changed"),
            vec![what, format!("This was done on {}.", when(at))],
            NOT_YOU,
        ),
        Letter::SecondFactorGuessed { wrong, until, link } => Draft::new(
            format!("Somebody may know your password for {us}"),
            vec![
                format!("{wrong} wrong codes of your second factor were entered for your account in the partner portal of {us} within a day. Whoever does that knows your password, or uses a browser in which you are signed in."),
                format!("Nobody gets in with a code before {}, not even you. Set a new password now, and look at the list of your sessions once you are in again.", when(until)),
            ],
            "If it was you, wait until then, and check that the clock of your phone is right.",
        )
        .action("Set a new password", link),
        Letter::MembershipSuspended { organization, reason } => Draft::new(
            format!("Your access for {organization} is paused"),
            vec![
                format!("Your access for {organization} in the partner portal of {us} is paused from now on. You cannot open its applications until it is lifted."),
                reason.map(|reason| format!("The reason given: {reason}")).unwrap_or_default(),
            ],
            ASK,
        ),
        Letter::MembershipReinstated { organization, link } => Draft::new(
            format!("Your access for {organization} is back"),
            vec![format!("Your access for {organization} in the partner portal of {us} counts again, with everything you held that has not ended meanwhile.")],
            ASK,
        )
        .action("Open the portal", link),
        Letter::ApplicationAssigned { organization, application, by, ends_at, link } => Draft::new(
            format!("You can now use {application}"),
            vec![
                format!("{by} assigned {application} to you. You use it for {organization}, in the partner portal of {us}."),
                ends_at.map(|at| format!("It ends by itself on {}.", when(at))).unwrap_or_default(),
            ],
            ASK,
        )
        .action("Open the application's page", link),
        Letter::OwnerNamed { organization, as_deputy, link } => Draft::new(
            format!("You answer for {organization}"),
            vec![
                if as_deputy {
                    format!("You were named the deputy of the owner of {organization} in the partner portal of {us}.")
                } else {
                    format!("You were named the owner of {organization} in the partner portal of {us}.")
                },
                "You look after its contracts and applications, and you say regularly whether the partner is still needed.".to_owned(),
            ],
            "If this is a mistake, tell the people who run the portal.",
        )
        .action("Open the partner", link),
        Letter::OwnerReleased { organization, successor } => Draft::new(
            format!("You no longer answer for {organization}"),
            vec![format!("From now on {successor} answers for {organization} in the partner portal of {us}, and not you.")],
            "If this is a mistake, tell the people who run the portal.",
        ),
        Letter::ContractEnding { organization, reference, ends_at, people, link } => Draft::new(
            format!("The contract with {organization} ends soon"),
            vec![
                format!("The contract {reference} with {organization} ends on {}. No later one is in the portal of {us}.", when(ends_at)),
                format!("At that moment the access of its people ends by itself ({people} have access now)."),
            ],
            "If this is as it should be, there is nothing to do. Otherwise extend the contract or add the next one in time.",
        )
        .action("Look at the contracts", link),
        Letter::SignInSwitched { organization, provider, live, at, link } => Draft::new(
            if live { format!("{organization} signs in with {provider}") } else { format!("{provider} is switched off") },
            vec![if live {
                format!("Since {}, people of {organization} sign in to the partner portal of {us} with {provider}.", when(at))
            } else {
                format!("Since {}, people of {organization} no longer sign in to the partner portal of {us} with {provider}. They use their passwords here; whoever has none asks for one with \u{201c}Forgot your password?\u{201d}.", when(at))
            }],
            "If you did not expect this, look at the connection and at the activity of the organization.",
        )
        .action("Look at the connection", link),
        Letter::SetupLink { organization, sender, link, expires_at, hours } => {
            let mut draft = Draft::new(
                format!("{sender} asks you to set up the sign-in of {organization}"),
                vec![
                    format!("{sender} asks you to connect the sign-in of {organization} with the partner portal of {us}, so that its people can sign in there with their company account."),
                    "You need no account in the portal. You see what to enter at your identity provider, enter what it shows, and try it. Nobody is affected before others switch over.".to_owned(),
                ],
                NOT_EXPECTED,
            )
            .action("Open the set-up", link);
            draft.after = vec![format!(
                "The link opens once, in one browser, until {}. From then on you have {} hours.",
                when(expires_at),
                hours
            )];
            draft
        }
        Letter::SetupFinished { organization, providers, by, tried, link } => Draft::new(
            format!("The sign-in of {organization} can be switched over"),
            vec![
                format!("{by} has finished setting up {providers}. The link they had does not work any more."),
                if tried {
                    "A trial since the last change would have let somebody in.".to_owned()
                } else {
                    "No trial since the last change would have let somebody in yet. Try it yourself before you switch over.".to_owned()
                },
                "Nobody signs in with it before you switch over. Look at who may come in, and at the rehearsal, first.".to_owned(),
            ],
            "If you did not expect this, look at the activity of the organization.",
        )
        .action("Look at the connections", link),
        Letter::DomainMissing { organization, domain, lost, link } => Draft::new(
            if lost { format!("{domain} no longer counts as yours") } else { format!("The record of {domain} is missing") },
            vec![
                format!("The DNS record that shows that {domain} belongs to {organization} was not found."),
                if lost {
                    "It was missing for three days, so nobody new can join by signing in with an address of this domain. People who signed in before still can.".to_owned()
                } else {
                    "If it stays away for three days, nobody new can join by signing in with an address of this domain.".to_owned()
                },
            ],
            "Ask whoever runs your DNS to set the record again. Then everything goes on by itself.",
        )
        .action("Look at the record", link),
        Letter::CertificateEnding { organization, provider, ends_at, link } => Draft::new(
            format!("A certificate of {provider} ends soon"),
            vec![
                format!("People of {organization} sign in through {provider}. The certificate it signs with ends on {}.", when(ends_at)),
                format!("From then on nobody gets into the partner portal of {us} that way."),
            ],
            "Whoever runs that sign-in should publish the next certificate in its metadata before. The old and the new one may stand there together.",
        )
        .action("Look at the connection", link),
        Letter::MembershipEnded { organization } => Draft::new(
            format!("Your access for {organization} has ended"),
            vec![format!("Your access for {organization} in the partner portal of {us} has ended. Its applications are closed to you.")],
            ASK,
        ),
        Letter::CertificationDue { organization, due_at, suspended_at, paused, link } => Draft::new(
            format!("Certify {organization}"),
            vec![
                format!("You answer for {organization}. Please say whether {us} still needs this partner and its people; the decision is due on {}.", when(due_at)),
                undecided(&organization, &when(suspended_at), paused),
            ],
            "If you do not answer for this partner any more, tell the people who run the portal.",
        )
        .action("Look at the partner and decide", link),
        Letter::NobodyCertifies { organization, due_at, suspended_at, paused, link } => Draft::new(
            format!("Nobody can certify {organization}"),
            vec![
                format!("Somebody has to say whether {us} still needs {organization} and its people; the decision is due on {}.", when(due_at)),
                "Only the owner of a partner and the deputy can decide. Here nobody is named, or who is named cannot sign in any more, or is no partner owner any more.".to_owned(),
                undecided(&organization, &when(suspended_at), paused),
            ],
            "You get this letter because you run the portal.",
        )
        .action("Name an owner", link),
        Letter::PartnerSuspended { organization, reason, link } => Draft::new(
            format!("{organization} is suspended"),
            vec![
                format!("The access of {organization} to the partner portal of {us} is paused: its people cannot open any application."),
                format!("Why: {reason}"),
            ],
            "This can be undone: open the partner's page.",
        )
        .action("Open the partner", link),
        Letter::PartnerOffboarded { organization, reason, link } => Draft::new(
            format!("The partnership with {organization} is over"),
            vec![
                format!("The partnership with {organization} was ended in the partner portal of {us}: its people cannot open any application any more. What happened until now can still be seen on the partner's page."),
                format!("Why: {reason}"),
            ],
            "This cannot be undone. If it is a mistake, tell the people who run the portal.",
        )
        .action("Open the partner", link),
    }
}

/// What becomes of a partner that nobody certifies.
fn undecided(organization: &str, at: &str, paused: bool) -> String {
    if paused {
        format!("Nobody decided in time, so the access of {organization} has been paused since {at}. A yes opens it again.")
    } else {
        format!("If nobody decides, the access of {organization} is paused on {at}.")
    }
}

/// A moment in the tenant's zone, with the zone's name.
fn moment(at: Timestamp, tenant: &Tenant) -> String {
    let zone = tenant.time_zone;
    format!("{} ({})", at.with_timezone(&zone).format("%A, %-d %B %Y at %H:%M"), zone.name())
}

/// Without line breaks and other characters that have no place in a header or a line.
fn one_line(text: &str) -> String {
    let shown: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

fn footer(tenant: &Tenant) -> String {
    let help = tenant
        .support_contact
        .as_ref()
        .map(|contact| format!(" Questions: {contact}"))
        .unwrap_or_default();
    format!("{} · partner portal.{help}", tenant.name)
}

fn as_text(tenant: &Tenant, draft: &Draft) -> String {
    let mut text = String::new();
    let mut block = |content: &str| {
        if !content.is_empty() {
            let _ = write!(text, "{content}\n\n");
        }
    };
    for paragraph in &draft.paragraphs {
        block(&one_line_each(paragraph));
    }
    if let Some((lead, items)) = &draft.list {
        let items = items
            .iter()
            .map(|item| format!("- {}", one_line(item)))
            .collect::<Vec<_>>()
            .join("\n");
        block(&format!("{lead}\n{items}"));
    }
    if let Some((label, link)) = &draft.action {
        block(&format!("{label}:\n{link}"));
    }
    if let Some(code) = &draft.code {
        block(&format!("Or type this code on the invitation's page: {code}"));
    }
    for paragraph in &draft.after {
        block(paragraph);
    }
    block(draft.unexpected);
    block(&format!("-- \n{}", one_line(&footer(tenant))));
    text
}

/// Keeps line breaks that a person typed, drops other control characters.
fn one_line_each(text: &str) -> String {
    text.lines()
        .map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>())
        .collect::<Vec<_>>()
        .join("\n")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push_str("<br>"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

const PARAGRAPH: &str = "margin:0 0 16px;font-size:16px;line-height:1.5;color:#1d222a";
const SMALL: &str = "margin:0 0 12px;font-size:14px;line-height:1.5;color:#4d5560";

fn as_html(tenant: &Tenant, draft: &Draft) -> String {
    let accent = accent(&tenant.accent);
    let mut body = String::new();
    for paragraph in draft.paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
        let _ = write!(body, "<p style=\"{PARAGRAPH}\">{}</p>", escape(paragraph));
    }
    if let Some((lead, items)) = &draft.list {
        let items: String = items.iter().map(|item| format!("<li>{}</li>", escape(item))).collect();
        let _ = write!(
            body,
            "<p style=\"{PARAGRAPH}\">{lead}</p><ul style=\"{PARAGRAPH};padding-left:24px\">{items}</ul>"
        );
    }
    if let Some((label, link)) = &draft.action {
        let link = escape(link);
        let _ = write!(
            body,
            "<p style=\"margin:24px 0\"><a href=\"{link}\" style=\"display:inline-block;padding:12px 20px;border-radius:6px;background:{accent};color:#ffffff;font-size:16px;font-weight:600;text-decoration:none\">{label}</a></p>\
             <p style=\"{SMALL}\">Or copy this address into your browser:<br><a href=\"{link}\" style=\"color:{accent};word-break:break-all\">{link}</a></p>"
        );
    }
    if let Some(code) = &draft.code {
        let _ = write!(
            body,
            "<p style=\"{SMALL}\">Or type this code on the invitation's page: <strong style=\"font-family:monospace;font-size:16px;color:#1d222a\">{}</strong></p>",
            escape(code)
        );
    }
    for paragraph in &draft.after {
        let _ = write!(body, "<p style=\"{SMALL}\">{}</p>", escape(paragraph));
    }
    let _ = write!(body, "<p style=\"{SMALL}\">{}</p>", draft.unexpected);
    let (subject, name, footer) = (escape(&one_line(&draft.subject)), escape(&tenant.name), escape(&footer(tenant)));
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{subject}</title></head>\
         <body style=\"margin:0;padding:24px 12px;background:#f4f5f7;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif\">\
         <div style=\"max-width:560px;margin:0 auto;background:#ffffff;border-top:4px solid {accent};border-radius:6px;padding:24px\">\
         <p style=\"margin:0 0 16px;font-size:14px;font-weight:600;color:{accent}\">{name}</p>\
         <h1 style=\"margin:0 0 16px;font-size:20px;line-height:1.3;color:#1d222a\">{subject}</h1>{body}</div>\
         <p style=\"max-width:560px;margin:16px auto 0;font-size:12px;color:#4d5560\">{footer}</p></body></html>"
    )
}

/// The tenant's colour, darkened until white text on it and it on white can be read.
fn accent(color: &AccentColor) -> String {
    let digits = color.as_str().trim_start_matches('#');
    let channel = |at: usize| {
        digits
            .get(at..at + 2)
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .unwrap_or_default()
    };
    let [red, green, blue] = light_accent([channel(0), channel(2), channel(4)]).accent;
    format!("#{red:02x}{green:02x}{blue:02x}")
}
