// swift-tools-version: 6.2
import PackageDescription

let testSettings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
]
let settings: [SwiftSetting] = testSettings + [.strictMemorySafety()]

/// A library target of the house.
///
/// The dependency lists are the import table of the page *Architecture*; `scripts/lint` holds every file to it.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one target: they may import all that it may, and `TestSupport`.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: [.target(name: name), "TestSupport"] + dependencies,
    exclude: exclude, swiftSettings: testSettings)
}

/// Relocations are resolved and made read-only at start, code lies apart from data, no stack is code.
///
/// Packed relocations, which glibc 2.36 can read, take 15 KB of memory and not 2 MB.
///
/// Only the programs have these flags: who depends on the libraries chooses for himself.
let hardening: [LinkerSetting] = [
  .unsafeFlags(
    ["-use-ld=lld"]
      + ["now", "relro", "separate-code", "noexecstack", "pack-relative-relocs"].flatMap {
        ["-Xlinker", "-z", "-Xlinker", $0]
      })
]

/// The commit of the sources for `--version`, marked if files differ from it; none without git.
let commit: [CSetting] =
  Context.gitInformation.map { git in
    let mark = git.hasUncommittedChanges ? "-modified" : ""
    return [.define("NDISPROT_COMMIT", to: "\"\(git.currentCommit.prefix(12))\(mark)\"")]
  } ?? []

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "ndisprot",
  products: [
    .library(name: "NdisprotClient", targets: ["NdisprotClient"]),
    .library(name: "NdisprotControl", targets: ["NdisprotControl"]),
    .library(name: "NDIS", targets: ["NDIS"]),
    .library(name: "MDL", targets: ["MDL"]),
    .library(name: "WDF", targets: ["WDF"]),
    .library(name: "Miniport", targets: ["Miniport"]),
    .library(name: "CaptureFile", targets: ["CaptureFile"]),
    .library(name: "FrameDecoding", targets: ["FrameDecoding"]),
    .library(name: "NdisprotConfiguration", targets: ["NdisprotConfiguration", "Ndisprot"]),
    .library(name: "NdisprotServer", targets: ["NdisprotServer", "Ndisprot", "Platform"]),
    .executable(name: "ndisprotd", targets: ["ndisprotd"]),
    .executable(name: "ndisprotctl", targets: ["ndisprotctl"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CLibpcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .target(name: "CLinux", cSettings: commit),
    .systemLibrary(name: "CLibpcapTypes"),
    .target(name: "CToml"),
    library("Platform", ["CLinux"]),
    library("MDL", ["CLinux"]),
    library("WDF", ["Platform", "CLinux"]),
    library("NDIS", ["MDL"]),
    library("CaptureFile", ["MDL", "Platform"]),
    library("FrameFilter", ["CLibpcapTypes"]),
    library("FrameDecoding", ["NDIS", "MDL"]),
    library("Miniport", ["NDIS", "MDL", "Platform", "CLibpcap", "CLinux"]),
    library("Ndisprot", ["WDF", "NDIS", "MDL", "Platform"]),
    library("NdisprotControl", ["NDIS", "MDL"]),
    library(
      "NdisprotServer",
      ["Ndisprot", "NdisprotControl", "WDF", "NDIS", "MDL", "Platform", "CLinux"]),
    library(
      "NdisprotConfiguration",
      ["CToml", "NdisprotServer", "Ndisprot", "NDIS", "MDL", "Platform"]),
    library("NdisprotClient", ["NdisprotControl", "NDIS", "MDL", "Platform", "CLinux"]),
    library("VirtualAdapter", ["NdisprotClient", "NDIS", "Platform", "CLinux"]),
    .target(name: "NdisprotC"),
    .target(
      name: "NdisprotLibrary", dependencies: ["NdisprotC", "NdisprotClient"],
      exclude: ["ndisprot.map"], swiftSettings: settings),
    .target(name: "NdisprotWindows", dependencies: ["NdisprotC"]),
    .executableTarget(
      name: "ndisprotd",
      dependencies: [
        "NdisprotConfiguration", "NdisprotServer", "Miniport", "Ndisprot", "NDIS", "WDF", "MDL",
        "Platform", "CLinux", argumentParser, logging,
      ],
      swiftSettings: settings, linkerSettings: hardening),
    .executableTarget(
      name: "ndisprotctl",
      dependencies: [
        "NdisprotClient", "VirtualAdapter", "CaptureFile", "FrameDecoding", "FrameFilter", "NDIS",
        "Platform", "CLinux", argumentParser,
      ],
      swiftSettings: settings, linkerSettings: hardening),
    .target(
      name: "TestSupport", dependencies: ["NDIS", "MDL", "CLinux"], path: "Tests/TestSupport",
      swiftSettings: testSettings),
    tests("Platform", ["CLinux"]),
    tests("MDL", ["CLinux"]),
    tests("WDF", ["Platform", "CLinux"]),
    tests("NDIS", ["MDL"]),
    tests("CaptureFile", ["MDL", "Platform"]),
    tests("FrameFilter", []),
    tests("FrameDecoding", ["MDL"]),
    tests("Miniport", ["NDIS", "MDL", "Platform", "CLinux"]),
    tests("Ndisprot", ["WDF", "NDIS", "MDL", "Platform"]),
    tests("NdisprotControl", ["NDIS", "MDL"]),
    tests(
      "NdisprotServer",
      ["Ndisprot", "NdisprotControl", "WDF", "NDIS", "MDL", "Platform", "CLinux"]),
    tests("NdisprotClient", ["NdisprotControl", "NDIS", "MDL", "Platform", "CLinux"]),
    tests("VirtualAdapter", ["NdisprotClient", "NDIS", "Platform", "CLinux"]),
    tests("NdisprotConfiguration", ["NdisprotServer", "Ndisprot", "NDIS", "Platform"]),
    tests("ndisprotd", ["NDIS", "NdisprotServer"]),
    tests(
      "ndisprotctl",
      ["CaptureFile", "NdisprotClient", "VirtualAdapter", "NDIS", "Platform", argumentParser],
      exclude: ["Snapshots"]),
    .testTarget(
      name: "IntegrationTests",
      dependencies: ["NDIS", "TestSupport"],
      exclude: ["Peers"],
      swiftSettings: testSettings),
  ],
  cLanguageStandard: .gnu17,
  cxxLanguageStandard: .cxx17
)

// `scripts/docs` alone asks for it: no other build fetches or compiles the plugin.
if Context.environment["NDISPROT_DOCS"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"))
}
