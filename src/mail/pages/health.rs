//! `/admin/health`: whether the service and what it depends on are well.

use leptos::prelude::*;

use crate::{
    mail::queries,
    ui::*,
    web::{Content, PageError, page, routes},
};

/// The page.
pub fn health() -> AnyView {
    page(|cx| async move {
        let store = &cx.request.portal.store;
        let health = queries::service_health(&cx.qx, store).await?;
        let pending = store.pending_migrations().await?;
        let process = Process::read();
        let now = cx.qx.now;
        let waiting_hint = health
            .outbox
            .oldest_waiting
            .map(|at| format!("the oldest written {}", time::relative(at, now)));
        // A message that waits for an hour has failed several times.
        let late = !cx.qx.settings.shows_mail() && health.outbox.oldest_waiting.is_some_and(|at| now - at > chrono::Duration::hours(1));
        let mail = if cx.qx.settings.smtp_configured {
            "Mails are sent through the configured mail server."
        } else if cx.qx.settings.demo {
            "Mails are shown instead of sent (demonstration)."
        } else {
            "No mail server is configured; mails wait."
        };
        Ok::<_, PageError>(Content::new(
            "Health",
            view! {
                <Stack>
                    <PageHeader title="Health" purpose="Whether the portal and what it depends on are well, right now." />
                    <StatRow>
                        <Stat label="Database" value=format!("{} ms", health.answered_in) hint=health.database tone=Tone::Good />
                        <Stat label="Pending migrations" value=pending.to_string() tone=if pending == 0 { Tone::Good } else { Tone::Bad } />
                        <Stat label="Messages waiting" value=health.outbox.waiting.to_string() hint=waiting_hint
                            href=routes::with_query(routes::ADMIN_OUTBOX, [("state", "waiting".to_owned())]) tone=if late { Tone::Warn } else { Tone::Neutral } />
                        <Stat label="Messages not delivered" value=health.outbox.dead.to_string()
                            href=routes::with_query(routes::ADMIN_OUTBOX, [("state", "dead".to_owned())])
                            tone=if health.outbox.dead == 0 { Tone::Neutral } else { Tone::Bad } />
                    </StatRow>
                    <Card title="This process" level=2>
                        <DefinitionList>
                            <Definition term="Version">{env!("CARGO_PKG_VERSION")}</Definition>
                            <Definition term="Running for">{process.uptime}</Definition>
                            <Definition term="Memory in use">{process.memory}</Definition>
                            <Definition term="Mail">{mail}</Definition>
                            <Definition term="Messages sent">{health.outbox.sent}</Definition>
                        </DefinitionList>
                    </Card>
                </Stack>
            },
        ))
    })
}

/// What the operating system says about this process, in words.
struct Process {
    uptime: String,
    memory: String,
}

impl Process {
    fn read() -> Self {
        let unknown = || "not known on this system".to_owned();
        Self {
            uptime: uptime_seconds().map_or_else(unknown, duration_words),
            memory: resident_kilobytes().map_or_else(unknown, memory_words),
        }
    }
}

/// Resident memory, from `/proc` (Linux).
fn resident_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Seconds since the process began, from `/proc` (Linux): field 22 of `stat` counts hundredths of seconds since boot.
fn uptime_seconds() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let started: u64 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
    let since_boot = std::fs::read_to_string("/proc/uptime").ok()?;
    let since_boot: u64 = since_boot.split('.').next()?.parse().ok()?;
    Some(since_boot.saturating_sub(started / 100))
}

fn duration_words(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let words = |count: u64, one: &str| {
        if count == 1 {
            format!("1 {one}")
        } else {
            format!("{count} {one}s")
        }
    };
    match (days, hours, minutes) {
        (0, 0, 0) => words(seconds, "second"),
        (0, 0, minutes) => words(minutes, "minute"),
        (0, hours, minutes) => format!("{}, {}", words(hours, "hour"), words(minutes, "minute")),
        (days, hours, _) => format!("{}, {}", words(days, "day"), words(hours, "hour")),
    }
}

fn memory_words(kilobytes: u64) -> String {
    format!("{} MB", kilobytes / 1024)
}
