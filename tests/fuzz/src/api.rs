//! The target in the room `api`.

use wwan::api::server;

/// A line from a client: what is understood must be understood again when it is written down.
pub fn api_request(data: &[u8]) {
    match server::parse(data) {
        Ok(request) => {
            let line = serde_json::to_vec(&request).expect("a request has a JSON form");
            assert_eq!(server::parse(&line).as_ref(), Ok(&request), "{request:?}");
        }
        Err((_, why)) => assert!(!why.is_empty()),
    }
}
