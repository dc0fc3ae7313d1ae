/**
 * The Java library: a {@link org.qmpkit.client.QmpClient} talks to one monitor, QEMU's own or one
 * that {@code qmp helper} shares.
 *
 * {@snippet file="org/qmpkit/client/ExampleTest.java" region="example"}
 *
 * <p>A {@link org.qmpkit.client.GuestAgent} talks to the agent in a guest, in the same words.
 *
 * <p>Trees are Jackson 3's. What goes wrong is a {@link org.qmpkit.client.QmpException}, of a kind
 * that says whose fault it is. Nothing here logs, but for faults of the library's own, which go to
 * the {@link System.Logger} of this package's name.
 */
package org.qmpkit.client;
