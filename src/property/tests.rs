//! The catalogue against what was observed.

use super::*;

#[test]
fn patterns_fit_parts_and_rests() {
    for (pattern, name, fit) in [
        ("wwan0.mobile.iccid", "wwan0.mobile.iccid", true),
        ("wwan0.mobile.*", "wwan0.mobile.iccid", true),
        ("*.mobile.iccid", "wwan1.mobile.iccid", true),
        ("wwan0.*", "wwan0.mobile.iccid", true),
        ("*", "wwan0.mobile.iccid", true),
        ("wwan0.mobile", "wwan0.mobile.iccid", false),
        ("wwan0.mobile.iccid.x", "wwan0.mobile.iccid", false),
        ("wwan0.*.imei", "wwan0.mobile.iccid", false),
    ] {
        assert_eq!(fits(pattern, name), fit, "{pattern} and {name}");
    }
}

#[test]
fn the_catalogue_is_sorted_and_documented() {
    assert!(CATALOGUE.is_sorted_by(|a, b| a.name < b.name), "sorted by name, no name twice");
    for property in CATALOGUE {
        assert!(property.doc.ends_with('.'), "{}: a doc is a sentence", property.name);
    }
}
