//! Every target comes back from every input of its corpus, and every corpus has a target.

use std::path::Path;

use wwan_fuzz::{TARGETS, replay};

#[test]
fn every_corpus_is_survived() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in TARGETS {
        replay([corpus.join(name)], *target).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let folders = std::fs::read_dir(corpus).expect("a corpus").count();
    assert_eq!(folders, TARGETS.len());
}
