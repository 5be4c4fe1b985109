//! What Ruby does.
