using Aos.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Aos.Skills;

/// <summary>
/// The folder that file skills see. A path that leaves it, by <c>..</c> or through a link, is refused: once by its name,
/// and once more by what was really opened, so that a link put there in between leads nowhere.
/// </summary>
internal sealed class Workspace(SkillsOptions options)
{
    /// <summary>Longest path, characters.</summary>
    internal const int PathMax = 1_024;

    private readonly string root = Path.GetFullPath(options.Workspace);

    /// <summary>The full path, or why it is refused.</summary>
    internal (string Path, Failure? Failure) Resolve(string path)
    {
        if (path.Length is 0 or > PathMax || path.Contains('\0', StringComparison.Ordinal) || Path.IsPathRooted(path))
            return ("", FailureCatalog.Fail("INVALID_INPUT", $"The path must be relative to the workspace, 1 to {PathMax} characters."));
        var full = Path.GetFullPath(Path.Combine(root, path));
        if (!IsBelow(full, root)) return ("", Outside(path));
        Directory.CreateDirectory(root);
        for (var part = full; part.Length > root.Length; part = Path.GetDirectoryName(part)!)
        {
            FileSystemInfo info = Directory.Exists(part) ? new DirectoryInfo(part) : new FileInfo(part);
            if (info.LinkTarget is null) continue;
            var target = Target(info);
            if (target is null || !IsInside(target)) return ("", Outside(path));
        }

        return (full, null);
    }

    /// <summary>Why what was opened is refused, or null. The system tells the real path of an open file where it can.</summary>
    internal Failure? Judge(SafeFileHandle handle, string path)
    {
        if (!OperatingSystem.IsLinux()) return Resolve(path).Failure;
        var opened = new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget;
        return opened is null || IsInside(opened) ? null : Outside(path);
    }

    private bool IsInside(string target)
    {
        var real = new DirectoryInfo(root).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? root;
        return IsBelow(target, real) || IsBelow(target, root) || target == real;
    }

    private static string? Target(FileSystemInfo link)
    {
        try
        {
            return link.ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            return null; // A circle of links.
        }
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static Failure Outside(string path) => FailureCatalog.Fail("PERMISSION_DENIED", $"The path '{path}' leads out of the workspace.");
}
