//! What no box may do, whoever made it.

/// Why a box was refused. Each is something that a well-meant box has no need of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `/etc/passwd`, `C:\x`.
    #[error("its name is absolute")]
    AbsoluteName,
    /// `../x`.
    #[error("its name leaves the box's folder")]
    NameLeavesFolder,
    /// Empty, control characters, not UTF-8, or reserved for Jaunt's own use.
    #[error("it cannot be named so ({0})")]
    NameUnusable(&'static str),
    /// Two entries of one name, or of names that are one on this file system.
    #[error("the name is there twice")]
    DuplicateName,
    /// A file below something that is not a folder.
    #[error("it lies below something that is not a folder")]
    BelowNoFolder,
    /// A device node, a pipe or a socket.
    #[error("it is a {0}")]
    SpecialFile(&'static str),
    /// A link to a place outside.
    #[error("it is a link that leaves the box's folder")]
    LinkLeavesFolder,
    /// A link to something that the box does not have.
    #[error("it is a link to something that the box does not have")]
    LinkToNothing,
    /// More entries than any box has.
    #[error("the box has more than {0} entries")]
    TooManyEntries(u64),
    /// An entry that is read whole is larger than it can be.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// The whole box is larger than it may be.
    #[error("the box would unpack to more than {0} bytes")]
    BoxTooLarge(u64),
    /// A small file that becomes a huge one.
    #[error("the box would unpack to more than {0} times its size")]
    RatioTooHigh(u64),
    /// A map of holes that contradicts itself.
    #[error("its map of holes is not one")]
    SparseMap,
    /// A header of the archive that contradicts itself.
    #[error("its header in the archive is damaged")]
    ArchiveHeader,
    /// An image whose contents are another file's.
    #[error("the disk image takes its contents from another file, {0:?}")]
    BackingFile(String),
    /// An image whose data are in another file, outside the box.
    #[error("the disk image keeps its data in {0:?}, which is outside the box")]
    ExtentOutside(String),
    /// An image that is a difference to another.
    #[error("the disk image is only a difference to another one")]
    Differencing,
    /// The header of a disk image that contradicts itself.
    #[error("the disk image's header is damaged ({0})")]
    DiskHeader(&'static str),
    /// XML that defines what it will be read as.
    #[error("it has a document type of its own")]
    DocumentType,
    /// An XML file of more elements than any needs.
    #[error("it has more than {0} elements")]
    TooManyElements(usize),
    /// An XML file of elements in elements without end.
    #[error("its elements are nested deeper than {0}")]
    NestedTooDeep(usize),
}
