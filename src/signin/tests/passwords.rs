//! Promises of passwords.

use rand::SeedableRng as _;
use rstest::rstest;

use crate::{
    kernel::{Password, Rng},
    signin::passwords::{PasswordError, check_rules, hash, verify},
};

const ANA: [&str; 3] = ["Ana Ruiz", "ana.ruiz@acme-consulting.example", "Acme Consulting"];

#[rstest]
#[case("", PasswordError::Empty)]
#[case("tuba ocean", PasswordError::TooShort)]
#[case("password1234", PasswordError::Guessable)]
#[case("qwertyuiop123", PasswordError::Guessable)]
#[case("aaaaaaaaaaaaaaaa", PasswordError::Guessable)]
#[case("Ana.Ruiz.2026!", PasswordError::Personal)]
#[case("acme-consulting-1", PasswordError::Personal)]
fn a_guessable_password_is_refused(#[case] typed: &str, #[case] expected: PasswordError) {
    assert_eq!(check_rules(&Password::new(typed.to_owned()), &ANA), Err(expected));
}

#[test]
fn a_password_may_be_long_but_not_endless() {
    let words = "plinth gravel ocean tuba lantern moss quarrel yeti ";
    assert_eq!(check_rules(&Password::new(words.repeat(5)), &ANA), Ok(()));
    assert_eq!(check_rules(&Password::new(words.repeat(6)), &ANA), Err(PasswordError::TooLong));
}

#[rstest]
#[case("plinth gravel ocean tuba")]
#[case("Wüstenfuchs mag Käse")]
#[case("correcthorsebatterystaple7Q")]
fn unrelated_words_are_enough(#[case] typed: &str) {
    assert_eq!(check_rules(&Password::new(typed.to_owned()), &ANA), Ok(()));
}

#[tokio::test]
async fn a_hash_is_argon2id_of_nineteen_mebibytes_and_knows_its_password() {
    let mut rng = Rng::seed_from_u64(1);
    let password = Password::new("plinth gravel ocean tuba".to_owned());
    let phc = hash(&password, &mut rng).await.unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    assert!(verify(&password, Some(&phc)).await.unwrap());
    assert!(
        !verify(&Password::new("plinth gravel ocean tubb".to_owned()), Some(&phc))
            .await
            .unwrap()
    );
    assert_ne!(hash(&password, &mut rng).await.unwrap(), phc, "the salt is fresh");
}

#[tokio::test]
async fn nobody_has_a_password_that_fits() {
    for typed in ["", "nobody", "nobodynobodynobody"] {
        assert!(!verify(&Password::new(typed.to_owned()), None).await.unwrap());
    }
}
