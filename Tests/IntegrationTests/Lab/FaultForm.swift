import Glibc

/// How much of a fault a test makes: the short form of `ndisprotd.docc/Reliability.md` section 2,
/// or the long
/// one with `NDISPROT_FAULTS=long` in the environment.
enum FaultForm {
  static let isLong = getenv("NDISPROT_FAULTS").map { String(cString: $0) } == "long"

  /// One of two numbers.
  static func count(short: Int, long: Int) -> Int { isLong ? long : short }

  /// One of two times.
  static func seconds(short: Double, long: Double) -> Double { isLong ? long : short }
}
