//! What does not fit what is there is refused with the key that is to blame.

use super::*;
use crate::{for_each_backend, kernel::EmailAddress, store};

for_each_backend!(what_does_not_fit_is_refused_with_its_key, |world| {
    applied(&world, SMALL).await;
    for (text, key, says) in [
        ("[[organizations]]\nslug = \"new-one\"", "organizations[0].name", "is missing"),
        (
            "[[organizations]]\nslug = \"acme\"\nowner = \"nobody@northwind.example\"",
            "organizations[0].owner",
            "neither in the file nor in the portal",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\nowner = \"bo@acme.example\"",
            "organizations[0].owner",
            "no owner",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\ndeputy = \"olga@northwind.example\"",
            "organizations[0].deputy",
            "is the owner",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\nparent = \"acme-nordics\"",
            "organizations[0].parent",
            "leads back",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\nstatus = \"onboarding\"",
            "organizations[0].status",
            "is active already",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\ncontracts = [{ reference = \"A-2\" }]",
            "organizations[0].contracts[0].starts",
            "is missing",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\ncontracts = [{ reference = \"A-1\", seats = 1 }]",
            "organizations[0].contracts[0]",
            "has 1 seats",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\ncontracts = [{ reference = \"A-1\", ends = \"-2m\" }]",
            "organizations[0].contracts[0].ends",
            "after the start",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\nentitlements = [{ application = \"none-such\" }]",
            "organizations[0].entitlements[0].application",
            "short name of an application",
        ),
        (
            "[[organizations]]\nslug = \"acme\"\nentitlements = [{ application = \"orders\", scopes = [\"orders:fly\"] }]",
            "organizations[0].entitlements[0].scopes[0]",
            "expected one of orders:approve, orders:read",
        ),
        (
            "[[applications]]\nslug = \"fresh\"\nname = \"Fresh\"",
            "applications[0].launch_url",
            "is missing",
        ),
        (
            "[[applications]]\nslug = \"orders\"\nscopes = [{ name = \"orders:new\" }]",
            "applications[0].scopes[0].access",
            "is missing",
        ),
        ("[[people]]\nemail = \"new@acme.example\"", "people[0].name", "is missing"),
        (
            "[[people]]\nemail = \"bo@acme.example\"\npassword = \"short\"",
            "people[0].password",
            "at least 12 characters",
        ),
        (
            "[[people]]\nemail = \"bo@acme.example\"\nmemberships = [{ organization = \"nowhere\" }]",
            "people[0].memberships[0].organization",
            "short name of an organization",
        ),
        (
            "[[people]]\nemail = \"bo@acme.example\"\nmemberships = [{ organization = \"acme-nordics\", assignments = [{ application = \"orders\" }] }]",
            "people[0].memberships[0].assignments[0].application",
            "does not hold",
        ),
        (
            "[[people]]\nemail = \"olga@northwind.example\"\ntenant_roles = [\"owner\"]",
            "people",
            "without an operator",
        ),
        (
            "[[people]]\nemail = \"olga@northwind.example\"\ndisabled = true",
            "people",
            "without an operator",
        ),
    ] {
        let told = refusal(&world, text).await;
        assert!(
            told.starts_with(&format!("portal.toml: {key}: ")) && told.contains(says),
            "{text}\nwas answered\n{told}"
        );
        assert!(!told.contains("short\""), "a password is not repeated: {told}");
    }
    assert!(applied(&world, SMALL).await.is_empty(), "nothing of it was kept");
});

for_each_backend!(an_assignment_never_exceeds_what_the_organization_holds, |world| {
    applied(
        &world,
        &SMALL.replace(
            "scopes = [\"orders:read\", \"orders:approve\"], starts",
            "scopes = [\"orders:read\"], starts",
        ),
    )
    .await;
    let told = refusal(&world, "[[people]]\nemail = \"ada@acme.example\"\nmemberships = [{ organization = \"acme\", assignments = [{ application = \"orders\", scopes = [\"orders:approve\"] }] }]").await;
    assert!(
        told.contains("people[0].memberships[0].assignments[0].scopes[0]: is \"orders:approve\"; expected one of orders:read"),
        "{told}"
    );
});

for_each_backend!(more_people_than_seats_are_refused, |world| {
    let more: String = (0..2)
        .map(|n| {
            format!("[[people]]\nemail = \"p{n}@acme.example\"\nname = \"Person {n}\"\nmemberships = [{{ organization = \"acme\" }}]\n")
        })
        .collect();
    let told = refusal(&world, &format!("{SMALL}\n{more}")).await;
    assert!(told.contains("would make 4 members, but contract A-1 has 3 seats"), "{told}");
    let holders: String = (0..2)
        .map(|n| format!("[[people]]\nemail = \"p{n}@acme.example\"\nname = \"Person {n}\"\nmemberships = [{{ organization = \"acme\", assignments = [{{ application = \"orders\" }}] }}]\n"))
        .collect();
    let told = refusal(&world, &format!("{}\n{holders}", SMALL.replace("seats = 3", "seats = 30"))).await;
    assert!(
        told.contains("would make 3 people hold it, but the entitlement has 2 seats"),
        "{told}"
    );
});

for_each_backend!(a_contract_that_has_ended_is_not_revived, |world| {
    applied(&world, &SMALL.replace("ends = \"2027-03-31\"", "ends = \"-1d\"")).await;
    let told = refusal(&world, SMALL).await;
    assert!(told.contains("contracts[0].ends: would revive a contract that has ended"), "{told}");
});

for_each_backend!(a_file_does_not_take_an_organizations_last_admin, |world| {
    applied(&world, SMALL).await;
    let ada = |more: &str| format!("[[people]]\nemail = \"ada@acme.example\"\n[[people.memberships]]\norganization = \"acme\"\n{more}\n");
    for taken in [
        "role = \"member\"",
        "status = \"suspended\"",
        "status = \"removed\"",
        "ends = \"+5d\"",
    ] {
        let told = refusal(&world, &ada(taken)).await;
        assert!(
            told.contains("people[0].memberships[0]: would leave acme without a partner admin"),
            "{taken}: {told}"
        );
    }
    let successor = "[[people]]\nemail = \"cy@acme.example\"\nname = \"Cy Moss\"\n[[people.memberships]]\norganization = \"acme\"\nrole = \"partner_admin\"\n";
    applied(&world, &format!("{}{successor}", ada("role = \"member\""))).await;
});

for_each_backend!(a_file_counts_the_admins_who_are_left_by_whoever_acts_at_this_moment, |world| {
    applied(&world, SMALL).await;
    let cy = |more: &str| {
        format!(
            "[[people]]\nemail = \"cy@acme.example\"\nname = \"Cy Moss\"\n[[people.memberships]]\norganization = \"acme\"\nrole = \"partner_admin\"\n{more}\n"
        )
    };
    applied(&world, &cy("")).await;
    let cx = world.system().await;
    let ada: EmailAddress = "ada@acme.example".parse().unwrap();
    let ada = store::people::find_by_email(&cx.tx, &ada).await.unwrap().unwrap();
    let acme = store::organizations::find_by_slug(&cx.tx, "acme").await.unwrap().unwrap();
    store::organizations::get_locked(&cx.tx, acme.id).await.unwrap();
    let member = store::members::find(&cx.tx, acme.id, ada.id).await.unwrap().unwrap();
    store::members::update(&cx.tx, &member.remove(None, cx.now).unwrap()).await.unwrap();
    // Nothing of it is to be seen yet when the file comes.
    let file = cy("status = \"removed\"");
    let (told, ()) = tokio::join!(refusal(&world, &file), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        cx.commit().await.unwrap();
    });
    assert!(told.contains("would leave acme without a partner admin"), "{told}");
});
