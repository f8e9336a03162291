//! Golden databases: what each release has stored stays usable for ever.

use std::path::Path;

use tempfile::TempDir;

use crate::generate::generate;

/// The databases of this release. `GOLDEN_FOLDER` names a folder that keeps them.
#[tokio::test]
async fn databases_of_this_release_are_used_by_this_release() {
    let temporary = TempDir::new().expect("a folder");
    let kept = std::env::var("GOLDEN_FOLDER").ok();
    let folder = kept.as_deref().map_or(temporary.path(), Path::new);
    generate(folder).await;
}
