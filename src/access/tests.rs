use super::*;

#[test]
fn the_built_in_policies_fit_their_schema() {
    Policies::built_in().unwrap();
}
