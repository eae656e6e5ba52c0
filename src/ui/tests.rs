//! What the design system promises: accents that can be read, times that say the same everywhere, markup that escapes.

mod accents {
    use proptest::prelude::*;

    use crate::ui::branding::{accent_stylesheet, contrast_ratio, dark_accent, light_accent};

    proptest! {
        #[test]
        fn every_brand_colour_becomes_readable_in_both_themes(brand: [u8; 3]) {
            for (accent, surfaces) in [
                (light_accent(brand), [[0xff, 0xff, 0xff], [0xf4, 0xf5, 0xf7]]),
                (dark_accent(brand), [[0x0f, 0x12, 0x16], [0x1d, 0x22, 0x2a]]),
            ] {
                for under in surfaces.into_iter().chain([accent.soft, accent.contrast]) {
                    prop_assert!(contrast_ratio(accent.accent, under) >= 4.5);
                }
            }
        }
    }

    #[test]
    fn a_readable_brand_colour_stays_as_it_is() {
        assert_eq!(light_accent([0x0a, 0x5c, 0x2b]).accent, [0x0a, 0x5c, 0x2b]);
    }

    #[test]
    fn contrast_agrees_with_the_standard() {
        assert!((contrast_ratio([0, 0, 0], [255, 255, 255]) - 21.0).abs() < 1e-9);
        assert!((contrast_ratio([0x76, 0x76, 0x76], [255, 255, 255]) - 4.54).abs() < 0.01);
    }

    #[rstest::rstest]
    #[case("#0A7D33", true)]
    #[case("#abc", true)]
    #[case("0a7d33", false)]
    #[case("#12345", false)]
    #[case("#12345g", false)]
    #[case("#+12345", false)]
    #[case("red;}body{display:none", false)]
    #[case("#é1", false)]
    fn only_colours_reach_the_stylesheet(#[case] text: &str, #[case] accepted: bool) {
        assert_eq!(accent_stylesheet(text).is_some(), accepted);
    }

    #[test]
    fn the_stylesheet_defines_the_three_tokens_and_nothing_else() {
        let sheet = accent_stylesheet("#777").unwrap_or_default();
        assert!(sheet.starts_with(":root{--accent:light-dark(#"), "{sheet}");
        assert!(sheet.contains(";--accent-contrast:light-dark(") && sheet.contains(";--accent-soft:light-dark("));
    }
}

mod moments {
    use chrono::{DateTime, TimeDelta, Utc};
    use chrono_tz::Europe::Berlin;
    use rstest::rstest;

    use crate::islands::relative_words;
    use crate::ui::time::{self, Standing};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[rstest]
    #[case(0, "in under a minute")]
    #[case(-1, "just now")]
    #[case(60, "in 1 minute")]
    #[case(3 * 3600, "in 3 hours")]
    #[case(-47 * 3600, "47 hours ago")]
    #[case(9 * 86_400 + 5, "in 9 days")]
    #[case(-61 * 86_400, "2 months ago")]
    #[case(800 * 86_400, "in 2 years")]
    fn distances_read_as_words(#[case] seconds: i64, #[case] words: &str) {
        assert_eq!(relative_words(seconds), words);
    }

    #[test]
    fn the_longest_distance_does_not_overflow() {
        assert!(relative_words(i64::MIN).ends_with("years ago"));
    }

    #[test]
    fn an_end_at_local_midnight_reads_as_the_last_day_that_counts() {
        let (end, now) = (at("2027-03-31T22:00:00Z"), at("2027-03-22T10:00:00Z"));
        assert_eq!(time::until(end, now, Berlin), "until 31 Mar 2027, in 9 days");
    }

    #[test]
    fn a_near_end_says_its_time() {
        let (end, now) = (at("2027-03-22T15:30:00Z"), at("2027-03-22T10:00:00Z"));
        assert_eq!(time::until(end, now, Berlin), "until 22 Mar 2027, 16:30, in 5 hours");
    }

    #[test]
    fn what_is_over_says_so() {
        let (end, now) = (at("2027-03-19T12:00:00Z"), at("2027-03-22T12:00:00Z"));
        assert_eq!(time::until(end, now, Berlin), "ended 19 Mar 2027, 3 days ago");
    }

    #[test]
    fn moments_read_in_the_persons_zone() {
        let summer = at("2027-06-30T22:15:00Z");
        assert_eq!(time::date_time(summer, Berlin), "1 Jul 2027, 00:15");
        assert_eq!(time::exact(summer, Berlin), "1 Jul 2027, 00:15:00 CEST");
    }

    #[rstest]
    #[case(None, Standing::Endless)]
    #[case(Some(0), Standing::Ended)]
    #[case(Some(30), Standing::EndsSoon)]
    #[case(Some(31), Standing::Running)]
    fn the_standing_follows_the_end(#[case] days: Option<i64>, #[case] standing: Standing) {
        let now = at("2027-03-22T12:00:00Z");
        let end = days.map(|days| now + TimeDelta::days(days));
        assert_eq!(time::standing(end, now, TimeDelta::days(30)), standing);
    }

    #[rstest]
    #[case(-5, 0)]
    #[case(5, 50)]
    #[case(20, 100)]
    fn time_used_stays_between_nothing_and_all(#[case] days: i64, #[case] percent: u8) {
        let start = at("2027-03-22T12:00:00Z");
        let now = start + TimeDelta::days(days);
        assert_eq!(time::percent_used(start, start + TimeDelta::days(10), now), percent);
    }
}

mod markup {
    use std::collections::HashSet;

    use leptos::prelude::*;

    use crate::ui::{APP_ICONS, Field, Form, FormState, Gallery, Plain, TextArea, find_icon, initials, slug};

    fn html(view: impl FnOnce() -> AnyView) -> String {
        Owner::new().with(|| view().to_html())
    }

    #[test]
    fn a_text_area_cannot_be_broken_out_of() {
        let state = FormState::default().with_value("reason", "</textarea><script>alert(1)</script>&amp;");
        let html = html(|| view! { <Form action="/" form=state><TextArea name="reason" label="Reason" /></Form> }.into_any());
        assert!(!html.contains("<script>"), "{html}");
        assert!(
            html.contains("&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;</textarea>"),
            "{html}"
        );
    }

    #[test]
    fn a_refused_field_comes_back_with_its_value_and_its_error_tied_to_it() {
        let state = FormState::default()
            .with_value("email", "\"><b>")
            .with_error("email", "Write the whole address.");
        let html = html(|| {
            view! {
                <Form action="/" form=state id="invite"><Field name="email" label="E-mail" hint="Theirs." /></Form>
            }
            .into_any()
        });
        assert!(html.contains("aria-describedby=\"invite-email-hint invite-email-error\""), "{html}");
        assert!(html.contains("aria-invalid=\"true\""), "{html}");
        assert!(html.contains("href=\"#invite-email\""), "{html}");
        assert!(!html.contains("<b>"), "{html}");
    }

    #[test]
    fn a_password_is_never_echoed() {
        let state = FormState::default().with_value("password", "correct horse");
        let html =
            html(|| view! { <Form action="/" form=state><Field name="password" label="Password" kind="password" /></Form> }.into_any());
        assert!(!html.contains("correct horse"), "{html}");
    }

    #[test]
    fn the_gallery_obeys_the_content_security_policy_and_has_unique_ids() {
        let html = html(|| view! { <Gallery /> }.into_any());
        for forbidden in [" style=", "<script", "<style", " onclick=", "javascript:"] {
            assert!(!html.contains(forbidden), "{forbidden} in {html}");
        }
        let ids = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect::<Vec<_>>();
        let unique = ids.iter().collect::<HashSet<_>>();
        assert!(ids.len() > 20);
        assert_eq!(unique.len(), ids.len(), "an id twice in {ids:?}");
        assert_eq!(html.matches("<h1>").count(), 1);
    }

    #[test]
    fn everything_the_gallery_refers_to_by_id_exists() {
        let html = html(|| view! { <Gallery /> }.into_any());
        for attribute in [
            "aria-describedby",
            "aria-labelledby",
            "aria-controls",
            "for",
            "popovertarget",
            "form",
        ] {
            for rest in html.split(&format!(" {attribute}=\"")).skip(1) {
                for id in rest.split('"').next().unwrap_or_default().split(' ') {
                    assert!(html.contains(&format!(" id=\"{id}\"")), "{attribute} names {id}, which is nowhere");
                }
            }
        }
    }

    #[test]
    fn a_plain_page_has_one_heading_and_a_main_landmark() {
        let html = html(|| view! { <Plain title="Sign in">"…"</Plain> }.into_any());
        assert_eq!((html.matches("<h1>").count(), html.matches("<main").count()), (1, 1));
    }

    #[test]
    fn every_application_icon_exists() {
        let unknown = find_icon("no such icon");
        for name in APP_ICONS {
            assert!(!std::ptr::eq(find_icon(name), unknown), "{name}");
        }
    }

    #[test]
    fn every_icon_that_a_page_names_exists() {
        fn sources(folder: &std::path::Path) -> Vec<String> {
            let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
            paths
                .flat_map(|path| match path.extension() {
                    _ if path.is_dir() => sources(&path),
                    Some(extension) if extension == "rs" => std::fs::read_to_string(&path).into_iter().collect(),
                    _ => Vec::new(),
                })
                .collect()
        }
        let unknown = find_icon("no such icon");
        let source = sources(&crate::testing::project_file("src")).concat();
        let names = source.split(" icon=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let (named, missing): (Vec<_>, Vec<_>) = names.partition(|name| !std::ptr::eq(find_icon(name), unknown));
        assert!(named.len() > 20, "{named:?}");
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[rstest::rstest]
    #[case("Ana Ruiz", "AR")]
    #[case("Bo van der Lind", "BL")]
    #[case("Plato", "P")]
    #[case("  ", "?")]
    fn initials_are_first_and_last(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(initials(name), expected);
    }

    #[test]
    fn a_slug_is_a_usable_id() {
        assert_eq!(slug("What ends, if… (draft)"), "what-ends-if-draft");
    }
}
