package org.qmpkit.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives tests of JUnit Jupiter a running QEMU: on a class one for all its tests, on a method one
 * for each run of it, on a parameter one for that parameter alone. The nearest counts.
 *
 * {@snippet file="org/qmpkit/testkit/WithQemuTest.java" region="example"}
 *
 * <p>Parameters of tests, of lifecycle methods and of constructors get what they ask for by type:
 *
 * <ul>
 *   <li>a {@link RealQemu}, or with a {@link #recording} a {@link FakeQemu};
 *   <li>an {@link org.qmpkit.net.Address}, its monitor's;
 *   <li>any type with a static method {@code connect}, which takes an {@code Address}, a {@code
 *       String} or a {@code Path} and returns that type: what it returns, as {@code QmpClient}. It
 *       is closed when the test is over.
 * </ul>
 *
 * <p>A QEMU starts with the first parameter that asks for it, in about 0.1 s, in a folder of its
 * own, and is killed when its tests are over, failed ones too. What it wrote to standard error goes
 * with a failure, as a suppressed exception.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.PARAMETER})
@ExtendWith(QemuExtension.class)
public @interface WithQemu {
  /** The machine, as of {@code -M}; by default an empty one that is stopped. */
  String machine() default "none";

  /** Arguments of QEMU's besides. */
  String[] args() default {};

  /**
   * The program; by default what the environment variable {@code QEMU} names, or {@code
   * qemu-system-x86_64}.
   */
  String binary() default "";

  /**
   * A recording of a QEMU, to be served in its place: a file, or a resource beside the class of
   * tests, as {@link FakeQemu#from} reads it; by default none. What else is said of QEMU does not
   * matter then.
   */
  String recording() default "";

  /**
   * What becomes of tests where the program is not installed; they fail. On a parameter of a
   * constructor or of a lifecycle method it holds for all tests of the class.
   */
  Missing missing() default Missing.FAIL;

  /** What becomes of tests where QEMU is not installed. */
  enum Missing {
    /** They fail, and say what to install. */
    FAIL,
    /** They are skipped, and say what to install. */
    SKIP
  }
}
