//! The native engine (under construction).
