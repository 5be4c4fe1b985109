//! What hostile files are stopped by.
