//! Why something about a box could not be done.

use std::io;
use std::path::{Path, PathBuf};

use crate::refusal::Refusal;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something about a box could not be done.
///
/// One variant for each thing a person would do next. The message says what was attempted and on what; the cause goes into
/// `source`, never into the text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A server lets nobody in, or not this user.
    #[error("access to {what} is denied: the server answered {status}")]
    AccessDenied {
        /// The repository or URL, without secrets.
        what: String,
        /// The HTTP status.
        status: u16,
    },

    /// The box is in the store, and the caller did not say `force`.
    #[error(
        "the box `{name}` {version} for {provider}{} is installed already",
        for_architecture(architecture)
    )]
    AlreadyExists {
        /// The box's name.
        name: String,
        /// Its version.
        version: String,
        /// Its provider.
        provider: String,
        /// Its architecture, where it has one.
        architecture: Option<String>,
    },

    /// What a registry or a folder of chunks has is not what it should be.
    #[error("{what} {reason}")]
    ArtifactMalformed {
        /// Where it is, without secrets.
        what: String,
        /// What is wrong, as the end of the sentence.
        reason: String,
    },

    /// Somebody asked this import to stop.
    #[error("adding the box was cancelled")]
    Cancelled,

    /// The catalog is not JSON, or not of a catalog's form.
    #[error("the catalog at {url} cannot be read as one")]
    CatalogMalformed {
        /// Where it is.
        url: String,
        /// Why.
        source: serde_json::Error,
    },

    /// The catalog has a version that RubyGems would not take for one.
    #[error("the catalog at {url} has a version `{version}`, which is none")]
    CatalogVersionMalformed {
        /// Where it is.
        url: String,
        /// The version.
        version: String,
    },

    /// The bytes are not those that were promised.
    #[error("the {kind} of {what} is {actual} and not {expected}")]
    ChecksumMismatch {
        /// What was summed up.
        what: String,
        /// `sha256`, `md5` ...
        kind: &'static str,
        /// What was promised.
        expected: String,
        /// What came.
        actual: String,
    },

    /// There is no such kind of checksum.
    #[error("`{kind}` is no kind of checksum: md5, sha1, sha256, sha384 and sha512 are")]
    ChecksumKindUnknown {
        /// What was given.
        kind: String,
    },

    /// The checksum cannot be one of its kind.
    #[error("`{digest}` is no {kind} checksum: {length} hex digits are")]
    ChecksumMalformed {
        /// What was given.
        digest: String,
        /// `sha256`, `md5` ...
        kind: &'static str,
        /// How many digits it would have.
        length: usize,
    },

    /// The box has no disk that a machine could be made of.
    #[error("the box `{name}` for {provider} has no disk image: {reason}")]
    DiskMissing {
        /// The box's name.
        name: String,
        /// Its provider.
        provider: String,
        /// What was looked for.
        reason: String,
    },

    /// The server did not send what it was asked for.
    #[error("{url} cannot be fetched: the server answered {status}")]
    FetchStatus {
        /// Where it is, without secrets.
        url: String,
        /// The HTTP status.
        status: u16,
    },

    /// The connection could not be made, or broke.
    #[error("{url} cannot be fetched")]
    Fetch {
        /// Where it is, without secrets.
        url: String,
        /// Why.
        source: io::Error,
    },

    /// A file or folder could not be worked with.
    #[error("cannot {action} {}", path.display())]
    File {
        /// `read`, `write`, `remove` ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },

    /// There is no file where the box should be.
    #[error("there is no box file {}", path.display())]
    FileNotFound {
        /// The file.
        path: PathBuf,
    },

    /// A box's description of its hardware cannot be read.
    #[error("{file} of the box {what}")]
    HardwareMalformed {
        /// The file, safe to print.
        file: String,
        /// What is wrong, as the end of the sentence.
        what: String,
    },

    /// `Vagrantfile.lock` is not TOML, or not of a lock file's form.
    #[error("the lock file cannot be read as one")]
    LockMalformed {
        /// Why, and where in the file.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The box is not the one that the project is locked to.
    #[error("the box `{name}` is locked to {locked}, and what is there is {actual}")]
    LockMismatch {
        /// The box.
        name: String,
        /// Version and digest in the lock file.
        locked: String,
        /// Those of the box.
        actual: String,
    },

    /// The lock file was written by something newer.
    #[error("the lock file is of version {version}, which only a newer Jaunt knows")]
    LockVersion {
        /// Its version.
        version: u32,
    },

    /// `metadata.json` of a box lacks what it must have, or is not JSON.
    #[error("{} of the box {what}", crate::metadata::FILE_NAME)]
    MetadataMalformed {
        /// What is wrong, as the end of the sentence.
        what: String,
    },

    /// The name cannot be a box's.
    #[error("`{name}` cannot be the name of a box: {reason}")]
    NameInvalid {
        /// What was given.
        name: String,
        /// Why not.
        reason: &'static str,
    },

    /// The catalog is of another box than the one that was asked for.
    #[error("the catalog at {url} is of the box `{actual}` and not `{expected}`")]
    NameMismatch {
        /// Where it is.
        url: String,
        /// What was asked for.
        expected: String,
        /// What it says.
        actual: String,
    },

    /// A box file says nothing of its name.
    #[error("{source_url} is a box file, which has no name of its own: a name must be given")]
    NameRequired {
        /// Where it is.
        source_url: String,
    },

    /// Neither a box nor a disk image.
    #[error("{what} is no box: {reason}")]
    NotABox {
        /// The file or URL.
        what: String,
        /// What it is instead.
        reason: String,
    },

    /// The catalog has the version for the provider, but not for this architecture.
    #[error(
        "the box `{name}` has no version for the architecture {architecture} that is asked for; there are: {available}"
    )]
    NoMatchingArchitecture {
        /// The box.
        name: String,
        /// What was asked for.
        architecture: String,
        /// What there is.
        available: String,
    },

    /// No version of the catalog is for any of the providers.
    #[error("the box `{name}` is not there for {wanted}; it is for: {available}")]
    NoMatchingProvider {
        /// The box.
        name: String,
        /// The providers that were asked for.
        wanted: String,
        /// What there is.
        available: String,
    },

    /// No version of the catalog satisfies the constraints.
    #[error("the box `{name}` has no version that satisfies `{constraints}`; it has: {available}")]
    NoMatchingVersion {
        /// The box.
        name: String,
        /// What was asked for.
        constraints: String,
        /// What there is.
        available: String,
    },

    /// The store has no such box.
    #[error("the box `{name}` is not installed")]
    NotInstalled {
        /// What was asked for.
        name: String,
    },

    /// A version is only for a box of a catalog; a box file has none.
    #[error("{source_url} is a box file, which has no versions: `{constraints}` cannot be asked of it")]
    DirectVersion {
        /// Where it is.
        source_url: String,
        /// What was asked for.
        constraints: String,
    },

    /// The catalog has several providers and none was asked for.
    #[error("the box `{name}` is there for several providers, of which one must be chosen: {providers}")]
    ProviderAmbiguous {
        /// The box.
        name: String,
        /// The choice.
        providers: String,
    },

    /// The box is for another provider than the ones that were asked for.
    #[error("the provider of the box is `{actual}`, which doesn't match the provider that was asked for: {expected}")]
    ProviderMismatch {
        /// What was asked for.
        expected: String,
        /// What the box says.
        actual: String,
    },

    /// The box does what no box may do.
    #[error("the box was refused: {entry}: {reason}")]
    Refused {
        /// The entry of the box, safe to print.
        entry: String,
        /// What it does.
        reason: Refusal,
    },

    /// Several architectures are installed and none was named.
    #[error("the box `{name}` {version} for {provider} is installed for several architectures: {architectures}")]
    RemoveMultiArchitecture {
        /// The box.
        name: String,
        /// The version.
        version: String,
        /// The provider.
        provider: String,
        /// The choice.
        architectures: String,
    },

    /// Several providers are installed and none was named.
    #[error("the box `{name}` {version} is installed for several providers: {providers}")]
    RemoveMultiProvider {
        /// The box.
        name: String,
        /// The version.
        version: String,
        /// The choice.
        providers: String,
    },

    /// Several versions are installed and none was named.
    #[error("the box `{name}` is installed in several versions: {versions}")]
    RemoveMultiVersion {
        /// The box.
        name: String,
        /// The choice.
        versions: String,
    },

    /// The box is there, but not for this architecture.
    #[error("the box `{name}` is not installed for the architecture {architecture}, but for: {available}")]
    RemoveArchitectureNotFound {
        /// The box.
        name: String,
        /// What was asked for.
        architecture: String,
        /// What there is.
        available: String,
    },

    /// The box is there, but not for this provider.
    #[error("the box `{name}` is not installed for the provider {provider}, but for: {available}")]
    RemoveProviderNotFound {
        /// The box.
        name: String,
        /// What was asked for.
        provider: String,
        /// What there is.
        available: String,
    },

    /// The box is there, but not in this version.
    #[error("the box `{name}` is not installed in version {version}, but in: {available}")]
    RemoveVersionNotFound {
        /// The box.
        name: String,
        /// What was asked for.
        version: String,
        /// What there is.
        available: String,
    },

    /// The box belongs to another program's folder, which is read in place.
    #[error("the box `{name}` is in {}, which is only read", directory.display())]
    RemoveForeign {
        /// The box.
        name: String,
        /// Its folder.
        directory: PathBuf,
    },

    /// Neither a file nor a name that a server could know.
    #[error("there is no box `{name}`: no such file, and not of the form USER/BOX that a catalog has")]
    ShortNameNotFound {
        /// What was given.
        name: String,
    },

    /// The server does not know the box.
    #[error("the box `{name}` was not found at {url}")]
    ServerHasNoBox {
        /// The box.
        name: String,
        /// Where it was looked for, without secrets.
        url: String,
    },

    /// A name needs a server, and none is set.
    #[error("`{name}` is looked for on a server, and no server is set")]
    ServerNotSet {
        /// What was given.
        name: String,
    },

    /// The data ends or breaks before the box does.
    #[error("{what} is damaged, or only a part of it arrived")]
    Damaged {
        /// The file or URL.
        what: String,
        /// Why.
        source: io::Error,
    },

    /// Where the box comes from cannot be reached in the way it says.
    #[error("`{address}` cannot be a place of boxes: {reason}")]
    AddressInvalid {
        /// What was given, without secrets.
        address: String,
        /// Why not.
        reason: &'static str,
    },

    /// A version or constraint cannot be read.
    #[error("`{text}` is not a version or a constraint on versions")]
    VersionInvalid {
        /// What was given.
        text: String,
    },
}

impl Error {
    /// An action on a file that failed, for `map_err`.
    pub(crate) fn file(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Error::File { action, path, source }
    }

    /// Whether what was downloaded is of no use for another try.
    pub(crate) fn condemns_the_bytes(&self) -> bool {
        use Error::*;
        matches!(
            self,
            ArtifactMalformed { .. }
                | ChecksumMismatch { .. }
                | Damaged { .. }
                | LockMismatch { .. }
                | MetadataMalformed { .. }
                | NotABox { .. }
                | Refused { .. }
        )
    }

    /// The class of Vagrant's error for the same thing, as its machine-readable output names it.
    pub fn vagrant_class(&self) -> &'static str {
        use Error::*;
        match self {
            AlreadyExists { .. } => "BoxAlreadyExists",
            AccessDenied { .. } | AddressInvalid { .. } | Fetch { .. } | FetchStatus { .. } => "DownloaderError",
            ArtifactMalformed { .. } => "BoxMetadataMalformed",
            Cancelled => "DownloaderInterrupted",
            CatalogMalformed { .. } => "BoxMetadataMalformed",
            CatalogVersionMalformed { .. } => "BoxMetadataMalformedVersion",
            ChecksumMismatch { .. } => "BoxChecksumMismatch",
            ChecksumKindUnknown { .. } | ChecksumMalformed { .. } => "BoxChecksumInvalidType",
            Damaged { .. } | NotABox { .. } | Refused { .. } => "BoxUnpackageFailure",
            DirectVersion { .. } => "BoxAddDirectVersion",
            ProviderAmbiguous { .. } => "BoxAddNoMatchingProvider",
            LockMalformed { .. } | LockMismatch { .. } | LockVersion { .. } => "VagrantError",
            DiskMissing { .. } | HardwareMalformed { .. } | File { .. } | NameInvalid { .. } => "VagrantError",
            FileNotFound { .. } => "BoxFileNotExist",
            MetadataMalformed { .. } => "BoxMetadataCorrupted",
            NameMismatch { .. } => "BoxAddNameMismatch",
            NameRequired { .. } => "BoxAddNameRequired",
            NoMatchingArchitecture { .. } => "BoxAddNoMatchingArchitecture",
            NoMatchingProvider { .. } => "BoxAddNoMatchingProvider",
            NoMatchingVersion { .. } => "BoxAddNoMatchingVersion",
            NotInstalled { .. } => "BoxRemoveNotFound",
            ProviderMismatch { .. } => "BoxProviderDoesntMatch",
            RemoveMultiArchitecture { .. } => "BoxRemoveMultiArchitecture",
            RemoveMultiProvider { .. } => "BoxRemoveMultiProvider",
            RemoveMultiVersion { .. } => "BoxRemoveMultiVersion",
            RemoveArchitectureNotFound { .. } => "BoxRemoveArchitectureNotFound",
            RemoveProviderNotFound { .. } => "BoxRemoveProviderNotFound",
            RemoveVersionNotFound { .. } => "BoxRemoveVersionNotFound",
            RemoveForeign { .. } => "VagrantError",
            ShortNameNotFound { .. } | ServerHasNoBox { .. } => "BoxAddShortNotFound",
            ServerNotSet { .. } => "BoxServerNotSet",
            VersionInvalid { .. } => "BoxVersionInvalid",
        }
    }
}

fn for_architecture(architecture: &Option<String>) -> String {
    architecture.as_ref().map(|it| format!(" ({it})")).unwrap_or_default()
}
