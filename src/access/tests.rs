use super::*;

#[test]
fn the_built_in_policies_fit_their_schema() {
    PolicyBook::built_in().unwrap();
}

/// Launch decisions: for every combination of ends and states, a launch is allowed exactly when each link holds.
mod launches {
    use chrono::{Duration, TimeZone as _, Utc};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        apps::{Application, ApplicationStatus, Assignment, Entitlement, Scope, ScopeAccess},
        kernel::*,
        organizations::{Contract, Organization, OrganizationStatus},
        people::{Member, MemberRole, MemberStatus},
    };

    /// A window around now, in hours; the end may be missing.
    #[derive(Clone, Copy, Debug)]
    struct Window {
        start: i64,
        end: Option<i64>,
        revoked: bool,
    }

    impl Window {
        fn holds(self) -> bool {
            self.start <= 0 && self.end.is_none_or(|end| end > 0) && !self.revoked
        }
    }

    #[derive(Clone, Debug)]
    struct Case {
        contract: Option<(i64, i64)>,
        status: OrganizationStatus,
        due: Option<i64>,
        member: MemberStatus,
        membership: Window,
        read_only: bool,
        offered: bool,
        entitlement: Option<Window>,
        granted: [bool; 3],
        assignment: Option<Window>,
        assigned: [bool; 3],
    }

    const GRACE_DAYS: i32 = 2;

    fn hour() -> impl Strategy<Value = i64> {
        // The edges are what goes wrong.
        prop_oneof![Just(-1), Just(0), Just(1), -60_i64..60]
    }

    fn mostly<T: Clone + std::fmt::Debug + 'static>(usual: T, others: Vec<T>) -> impl Strategy<Value = T> {
        prop_oneof![5 => Just(usual), 1 => prop::sample::select(others)]
    }

    fn window() -> impl Strategy<Value = Window> {
        let usual = Just(Window {
            start: -10,
            end: Some(10),
            revoked: false,
        });
        let any =
            (hour(), prop::option::of(hour()), prop::bool::weighted(0.2)).prop_map(|(start, end, revoked)| Window { start, end, revoked });
        prop_oneof![3 => usual, 1 => any]
    }

    prop_compose! {
        fn case()(
            contract in prop_oneof![4 => Just(Some((-10, 10))), 1 => prop::option::of((hour(), hour()))],
            status in mostly(OrganizationStatus::Active, OrganizationStatus::ALL.to_vec()),
            due in prop_oneof![3 => Just(None), 1 => prop::option::of(-60_i64..60)],
            member in mostly(MemberStatus::Active, MemberStatus::ALL.to_vec()),
            membership in window(),
            read_only in prop::bool::weighted(0.2),
            offered in prop::bool::weighted(0.9),
            entitlement in prop_oneof![6 => window().prop_map(Some), 1 => Just(None)],
            granted in any::<[bool; 3]>(),
            assignment in prop_oneof![6 => window().prop_map(Some), 1 => Just(None)],
            assigned in any::<[bool; 3]>(),
        ) -> Case {
            Case { contract, status, due, member, membership, read_only, offered, entitlement, granted, assignment, assigned }
        }
    }

    impl Case {
        /// Said a second time, in other words: what a launch needs.
        fn should_launch(&self) -> bool {
            let scope = (0..3).any(|i| self.has(i));
            self.contract.is_some_and(|(start, end)| start <= 0 && end > 0)
                && self.status == OrganizationStatus::Active
                && self.due.is_none_or(|due| due + i64::from(GRACE_DAYS) * 24 > 0)
                && self.member == MemberStatus::Active
                && Window {
                    revoked: false,
                    ..self.membership
                }
                .holds()
                && self.offered
                && self.entitlement.is_some_and(Window::holds)
                && self.assignment.is_some_and(Window::holds)
                && scope
        }

        /// Whether a scope is held; the last one is of high value.
        fn has(&self, i: usize) -> bool {
            self.granted[i] && self.assigned[i] && (!self.read_only || i == 0)
        }

        /// What comes out of it for somebody without a fresh second factor.
        fn verdict(&self) -> Verdict {
            match (self.should_launch(), self.has(0) || self.has(1)) {
                (false, _) => Verdict::Deny,
                (true, false) => Verdict::StepUp,
                (true, true) => Verdict::Allow,
            }
        }

        fn facts(&self, now: Timestamp) -> LaunchFacts {
            let at = |hours: i64| now + Duration::hours(hours);
            let uuid = uuid::Uuid::from_u128;
            let organization = Organization {
                id: uuid(1).into(),
                slug: "acme".to_owned(),
                name: "Acme".to_owned(),
                kind: String::new(),
                description: String::new(),
                metadata: std::collections::BTreeMap::new(),
                status: self.status,
                status_reason: None,
                parent: None,
                owner: None,
                deputy: None,
                accent: AccentColor::default(),
                has_logo: false,
                require_step_up: false,
                lifetimes: crate::organizations::Lifetimes::default(),
                certification_due_at: self.due.map(at),
                certified_at: None,
                suspended_by_certification: false,
                created_at: now,
                version: 1,
            };
            let contract = self.contract.map(|(start, end)| Contract {
                id: uuid(2).into(),
                organization: organization.id,
                reference: "C-1".to_owned(),
                starts_at: at(start),
                ends_at: at(end),
                notice_days: 0,
                seats: 1,
                version: 1,
            });
            let member = Member {
                id: uuid(3).into(),
                organization: organization.id,
                person: uuid(4).into(),
                role: MemberRole::Member,
                status: self.member,
                status_reason: None,
                starts_at: at(self.membership.start),
                ends_at: self.membership.end.map(at),
                read_only: self.read_only,
                rotated_to: None,
                rotated_from: None,
                last_seen_at: None,
                created_at: now,
                version: 1,
            };
            let application = Application {
                id: uuid(5).into(),
                slug: "orders".to_owned(),
                name: "Orders".to_owned(),
                description: String::new(),
                icon: "package".to_owned(),
                category: String::new(),
                launch_url: "https://orders.example.com/".parse().unwrap(),
                owner: None,
                status: if self.offered {
                    ApplicationStatus::Active
                } else {
                    ApplicationStatus::Retired
                },
                version: 1,
            };
            let scopes: Vec<Scope> = (0..3)
                .map(|i| Scope {
                    id: uuid(10 + i).into(),
                    application: application.id,
                    name: format!("orders:{i}"),
                    description: String::new(),
                    access: if i == 0 { ScopeAccess::Read } else { ScopeAccess::Write },
                    high_value: i == 2,
                })
                .collect();
            let chosen = |which: [bool; 3]| {
                scopes
                    .iter()
                    .zip(which)
                    .filter(|(_, chosen)| *chosen)
                    .map(|(scope, _)| scope.id)
                    .collect::<Vec<_>>()
            };
            let entitlement = self.entitlement.map(|window| Entitlement {
                id: uuid(6).into(),
                organization: organization.id,
                application: application.id,
                starts_at: at(window.start),
                ends_at: window.end.map(at),
                seats: None,
                revoked_at: window.revoked.then_some(now),
                scopes: chosen(self.granted),
                version: 1,
            });
            let assignment = self.assignment.map(|window| Assignment {
                id: uuid(7).into(),
                organization: organization.id,
                entitlement: uuid(6).into(),
                application: application.id,
                member: member.id,
                starts_at: at(window.start),
                ends_at: window.end.map(at),
                revoked_at: window.revoked.then_some(now),
                last_used_at: None,
                scopes: chosen(self.assigned),
                version: 1,
            });
            LaunchFacts::new(
                &organization,
                contract.as_ref(),
                &member,
                &application,
                entitlement.as_ref(),
                assignment.as_ref(),
                &scopes,
                GRACE_DAYS,
                now,
            )
        }
    }

    fn somebody() -> Actor {
        Actor::Person(Box::new(SignedIn {
            id: uuid::Uuid::from_u128(4).into(),
            name: "Bo Lind".to_owned(),
            email: "bo@example.com".to_owned(),
            time_zone: chrono_tz::Tz::UTC,
            tenant_roles: Vec::new(),
            member: None,
            hats: Vec::new(),
            session_key: Vec::new(),
            second_factor_at: None,
            has_second_factor: false,
            through: None,
        }))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_launch_is_allowed_exactly_when_every_link_holds(case in case()) {
            static POLICIES: std::sync::OnceLock<Policies> = std::sync::OnceLock::new();
            let policies = POLICIES.get_or_init(|| PolicyBook::built_in().unwrap().without_rules());
            let now = Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap();
            let facts = case.facts(now);
            let decision = policies.decide(&somebody(), Action::Launch, &Resource::Launch(Box::new(facts.clone())), now);
            prop_assert_eq!(decision.verdict, case.verdict(), "{:?}", decision);
            // Whatever was decided says why, and what is allowed ends later than now.
            prop_assert!(!decision.why.is_empty() && !decision.reason().is_empty());
            if decision.verdict == Verdict::Allow {
                prop_assert!(facts.ends_at().is_none_or(|end| end > now));
                prop_assert!(!case.read_only || facts.scopes.iter().all(|scope| scope.access == ScopeAccess::Read));
            }
        }
    }

    #[test]
    fn nobody_in_particular_launches_nothing() {
        let policies = PolicyBook::built_in().unwrap().without_rules();
        let now = Utc.with_ymd_and_hms(2026, 6, 1, 12, 0, 0).unwrap();
        let window = Some(Window {
            start: -1,
            end: None,
            revoked: false,
        });
        let case = Case {
            contract: Some((-1, 1)),
            status: OrganizationStatus::Active,
            due: None,
            member: MemberStatus::Active,
            membership: Window {
                start: -1,
                end: None,
                revoked: false,
            },
            read_only: false,
            offered: true,
            entitlement: window,
            granted: [true; 3],
            assignment: window,
            assigned: [true; 3],
        };
        assert!(case.should_launch());
        let resource = Resource::Launch(Box::new(case.facts(now)));
        assert_eq!(policies.decide(&somebody(), Action::Launch, &resource, now).verdict, Verdict::Allow);
        assert_eq!(
            policies.decide(&Actor::Anonymous, Action::Launch, &resource, now).verdict,
            Verdict::Deny
        );
    }
}
