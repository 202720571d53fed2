//! Off-chain programs know the chain by committed metadata; this is where drift is noticed.

use crate::Runtime;
use std::path::Path;

/// Set to rewrite the committed file instead of comparing with it: `scripts/update-metadata`.
const UPDATE: &str = "AIPG_UPDATE_METADATA";
const VERSION: u32 = 15;

#[test]
fn committed_metadata_should_be_the_runtimes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/rust/metadata/aipg.scale");
    let current = sp_io::TestExternalities::default()
        .execute_with(|| Runtime::metadata_at_version(VERSION))
        .expect("the runtime gives metadata of this version");
    let current: &[u8] = &current;
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(file.parent().expect("the file has a folder")).expect("writable");
        std::fs::write(&file, current).expect("the metadata file can be written");
        return;
    }
    let committed = std::fs::read(&file).expect("clients/rust/metadata/aipg.scale is committed");
    assert!(
        committed == current,
        "clients/rust/metadata/aipg.scale is not the runtime's metadata any more: \
         run scripts/update-metadata and commit the file"
    );
}
