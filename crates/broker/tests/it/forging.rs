//! Permits and leases that cannot be made outside the broker.

#[test]
fn nothing_else_can_make_a_permit_or_a_lease() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}
