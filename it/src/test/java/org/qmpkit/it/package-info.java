/** Black box: the built tools, in processes of their own, against a real QEMU. */
@NullMarked
package org.qmpkit.it;

import org.jspecify.annotations.NullMarked;
