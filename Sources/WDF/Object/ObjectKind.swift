/// The kind of an object, as a value: for reports, snapshots and the type-erased handle.
public enum Kind: UInt8, Sendable, CaseIterable {
  case driver, controlDevice, fileObject, queue, request, worker, general
  case timer, workItem, waitLock
}

/// A phantom type that names the kind of object a ``Ref`` points to.
///
/// The set is closed.
///
/// - Windows: the WDF handle types (WDFDRIVER, WDFDEVICE, WDFQUEUE, …)
public protocol ObjectKind: Sendable {
  /// The same kind as a value.
  static var kind: Kind { get }
}

/// An object without behaviour of its own: a tree node with contexts.
///
/// - Windows: WDFOBJECT made by WdfObjectCreate
public enum General: ObjectKind {
  /// ``Kind/general``.
  public static var kind: Kind { .general }
}

/// The one device of a driver, which clients open.
///
/// - Windows: WDFDEVICE, control device
public enum ControlDevice: ObjectKind {
  /// ``Kind/controlDevice``.
  public static var kind: Kind { .controlDevice }
}

/// One client's open handle.
///
/// - Windows: WDFFILEOBJECT
public enum FileObject: ObjectKind {
  /// ``Kind/fileObject``.
  public static var kind: Kind { .fileObject }
}

/// A queue of requests.
///
/// - Windows: WDFQUEUE
public enum Queue: ObjectKind {
  /// ``Kind/queue``.
  public static var kind: Kind { .queue }
}

/// Carries the contexts and children of a request, if it has any.
///
/// - Windows: WDFREQUEST
public enum Request: ObjectKind {
  /// ``Kind/request``.
  public static var kind: Kind { .request }
}

/// A thread that holds the driver while it runs.
///
/// - Windows: a thread of IoCreateSystemThread
public enum Worker: ObjectKind {
  /// ``Kind/worker``.
  public static var kind: Kind { .worker }
}

/// A callback that runs at a given time.
///
/// - Windows: WDFTIMER
public enum DeferredTimer: ObjectKind {
  /// ``Kind/timer``.
  public static var kind: Kind { .timer }
}

/// Work to be done on a thread that may block.
///
/// - Windows: WDFWORKITEM
public enum WorkItem: ObjectKind {
  /// ``Kind/workItem``.
  public static var kind: Kind { .workItem }
}

/// The object behind a ``WaitLock``.
///
/// - Windows: WDFWAITLOCK
public enum WaitLockObject: ObjectKind {
  /// ``Kind/waitLock``.
  public static var kind: Kind { .waitLock }
}

/// The root of the tree.
///
/// - Windows: WDFDRIVER
public enum Driver: ObjectKind {
  /// ``Kind/driver``.
  public static var kind: Kind { .driver }
}
