//! The target in the room `config`.

use std::time::{Duration, Instant};

use wwan::config::{self, Source};

/// Between two layers: a byte that no YAML text contains.
const NEXT_LAYER: u8 = 0x1E;

/// Far more than any file of 256 KiB may take, on a machine that does ten other things. libFuzzer is given a stricter one.
const AT_MOST: Duration = Duration::from_secs(10);

/// Layers, from low to high: accepted, or refused with errors that have a place; in bounded time.
pub fn config(data: &[u8]) {
    let layers: Vec<Source> = data
        .split(|byte| *byte == NEXT_LAYER)
        .enumerate()
        .map(|(number, bytes)| Source {
            world_readable: number % 2 == 0,
            ..Source::new(format!("/etc/wwan.d/{number}.yaml"), bytes)
        })
        .collect();
    let begun = Instant::now();
    let loaded = config::load(&layers);
    assert!(begun.elapsed() < AT_MOST, "{} bytes took {:?}", data.len(), begun.elapsed());

    assert_eq!(loaded.config.is_none(), loaded.diagnostics.has_errors());
    for complaint in &loaded.diagnostics.0 {
        let place =
            layers.iter().any(|layer| layer.path == complaint.file) && complaint.line > 0 && complaint.column > 0;
        assert!(place || complaint.file.is_empty(), "no place: {complaint:?}");
        assert!(!complaint.message.is_empty() && !complaint.message.contains('\n'), "{complaint:?}");
        // Escapes in a file must not reach a terminal.
        assert!(!complaint.message.contains('\u{1b}'), "{complaint:?}");
    }
    assert_eq!(loaded.diagnostics.render(false).is_empty(), loaded.diagnostics.0.is_empty());
    if let Some(config) = loaded.config {
        for origin in [false, true] {
            assert!(!config.show(origin).is_empty());
        }
        assert_eq!(config::load(&layers).config.as_ref(), Some(&config), "the same files mean the same");
    }
}
