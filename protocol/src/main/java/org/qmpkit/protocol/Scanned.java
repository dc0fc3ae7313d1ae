package org.qmpkit.protocol;

/** What a {@link Scanner} makes of the bytes of one message. */
public sealed interface Scanned permits Document, Malformed {}
