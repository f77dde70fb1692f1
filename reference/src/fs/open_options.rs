//! How a file is opened.

/// Whether opening may create the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Creation {
    /// The file must exist (`ENOENT` otherwise).
    #[default]
    Never,
    /// The file is created when it is absent (`O_CREAT`).
    IfAbsent,
    /// The file must be absent (`O_CREAT | O_EXCL`, `EEXIST` otherwise).
    New,
}

/// What each write waits for before it returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WriteSync {
    /// Nothing: a sync is a call of its own.
    #[default]
    None,
    /// The data and the size needed to read it back (`O_DSYNC`).
    Data,
    /// The data and all metadata of the file (`O_SYNC`).
    All,
}

/// Access, creation and write mode of [`FsOps::open`](super::FsOps::open).
///
/// ```
/// use plimsoll_reference::fs::OpenOptions;
/// let log = OpenOptions::read_write().create_new().append();
/// assert!(log.is_append() && !log.is_read_only());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenOptions {
    read_only: bool,
    creation: Creation,
    truncate: bool,
    append: bool,
    write_sync: WriteSync,
    direct: bool,
}

impl OpenOptions {
    /// Reading only; every write to the handle fails with `EBADF`.
    pub const fn read_only() -> Self {
        Self {
            read_only: true,
            creation: Creation::Never,
            truncate: false,
            append: false,
            write_sync: WriteSync::None,
            direct: false,
        }
    }

    /// Reading and writing.
    pub const fn read_write() -> Self {
        Self {
            read_only: false,
            ..Self::read_only()
        }
    }

    /// Create the file when it is absent.
    #[must_use]
    pub const fn create(mut self) -> Self {
        self.creation = Creation::IfAbsent;
        self
    }

    /// Create the file, and fail with `EEXIST` when it is there.
    #[must_use]
    pub const fn create_new(mut self) -> Self {
        self.creation = Creation::New;
        self
    }

    /// Cut an existing file to length zero (`O_TRUNC`).
    #[must_use]
    pub const fn truncate(mut self) -> Self {
        self.truncate = true;
        self
    }

    /// Every write goes to the end of the file (`O_APPEND`).
    #[must_use]
    pub const fn append(mut self) -> Self {
        self.append = true;
        self
    }

    /// Make every write wait as `O_DSYNC` or `O_SYNC` does.
    #[must_use]
    pub const fn write_sync(mut self, sync: WriteSync) -> Self {
        self.write_sync = sync;
        self
    }

    /// Transfer between the caller's memory and the device without the cache (`O_DIRECT`). Offsets and lengths must be multiples of
    /// the device's sector, and so must the address of the memory; `EINVAL` otherwise. Nothing is durable sooner for it.
    #[must_use]
    pub const fn direct(mut self) -> Self {
        self.direct = true;
        self
    }

    /// Whether transfers bypass the cache.
    pub const fn is_direct(&self) -> bool {
        self.direct
    }

    /// Whether the handle refuses writes.
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Whether the file may or must be created.
    pub const fn creation(&self) -> Creation {
        self.creation
    }

    /// Whether existing content is cut off.
    pub const fn is_truncate(&self) -> bool {
        self.truncate
    }

    /// Whether writes go to the end of the file.
    pub const fn is_append(&self) -> bool {
        self.append
    }

    /// What each write waits for.
    pub const fn sync_mode(&self) -> WriteSync {
        self.write_sync
    }
}
