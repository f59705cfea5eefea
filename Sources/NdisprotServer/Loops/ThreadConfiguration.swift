internal import Glibc
internal import NDIS
internal import Ndisprot
internal import Platform

/// How the thread of a binding runs.
public struct ThreadConfiguration: Hashable, Sendable {
  /// Its priority among SCHED_FIFO threads; nil is the kernel's usual scheduling.
  public var fifoPriority: Int?
  /// The processors that it stays on; none is all.
  public var processors: [UInt16]
  /// How long it polls behind its last work, in the realtime profile; nil is the default.
  public var spinMicroseconds: Int?

  /// Makes one that leaves all to the kernel.
  public init(
    fifoPriority: Int? = nil, processors: [UInt16] = [], spinMicroseconds: Int? = nil
  ) {
    self.fifoPriority = fifoPriority
    self.processors = processors
    self.spinMicroseconds = spinMicroseconds
  }
}

/// Why a thread does not run as its binding's configuration says; it runs all the same.
enum ThreadProblem: Hashable {
  /// SCHED_FIFO was refused.
  case priority(Int, SystemError)
  /// The set of processors was refused.
  case processors([UInt16], SystemError)
  /// Some of the processors are not there.
  case absent([UInt16])
  /// There is no processor to spare for a thread that polls.
  case noProcessorToSpare

  /// Cause and remedy.
  var text: String {
    switch self {
    case .priority(let priority, let cause):
      "the thread does not get the priority fifo:\(priority): \(cause.text). "
        + "Give the service LimitRTPRIO=\(priority) and what else 30-realtime.conf of the examples "
        + "has, or start ndisprotd as root"
    case .processors(let numbers, let cause) where cause.errno == EINVAL:
      "the thread does not stay on \(Self.list(numbers)): the daemon may run on none of them. "
        + "Write numbers from lscpu -e into cpus"
    case .processors(let numbers, let cause):
      "the thread does not stay on \(Self.list(numbers)): \(cause.text). "
        + "Give the service what 30-realtime.conf of the examples has"
    case .absent(let numbers):
      "the thread does not run on \(Self.list(numbers)), where the daemon may not run. "
        + "Write numbers from lscpu -e into cpus"
    case .noProcessorToSpare:
      "the thread does not poll: the machine has one processor, which others need too. "
        + "Give it another, or write profile = \"latency\""
    }
  }

  private static func list(_ numbers: [UInt16]) -> String {
    (numbers.count == 1 ? "processor " : "processors ")
      + numbers.map(String.init).joined(separator: ", ")
  }
}

extension ThreadConfiguration {
  /// Has the calling thread run like this, as far as the system allows.
  ///
  /// - Returns: what it does not allow
  func apply() -> [ThreadProblem] {
    var problems: [ThreadProblem] = []
    if !processors.isEmpty {
      do throws(SystemError) {
        let absent = try SystemThread.stay(on: processors)
        if !absent.isEmpty { problems.append(.absent(absent)) }
      } catch {
        problems.append(.processors(processors, error))
      }
    }
    if let fifoPriority {
      do throws(SystemError) {
        try SystemThread.run(fifoPriority: fifoPriority)
      } catch {
        problems.append(.priority(fifoPriority, error))
      }
    }
    return problems
  }
}

extension BindingConfiguration {
  /// Has a binding's thread run as it should; what cannot be is a warning.
  ///
  /// - Thread: the binding's, before its loop runs
  func prepareThread(of binding: AdapterBinding, _ loop: EventLoop, _ server: ServerCore) {
    let name = binding.snapshot.attributes.name
    var problems = thread.apply()
    if profile == .realtime, server.spinBudget.placeCount == 0 {
      problems.append(.noProcessorToSpare)
    }
    for problem in problems {
      server.log(.warning, "\(name): \(problem.text)", binding: name.text)
    }
    loop.post { loop.spin(nanoseconds: spinNanoseconds, budget: server.spinBudget) }
  }
}
