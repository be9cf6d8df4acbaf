using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Xunit;

namespace Flagstay.Tests;

// How long switches live, and what lives as long as they do.
public class SwitchLifetimeTests
{
    [Fact]
    public void A_disposed_switch_is_refused()
    {
        using FlagstayClient client = Rulesets.Client(Rulesets.Rollout(100));
        using var user = new User("u");
        PreparedSwitch prepared = client.PrepareSwitch("rollout");
        prepared.IsOn(user);
        prepared.Dispose();
        prepared.Dispose();
        for (int n = 0; n < 200; n++)
        {
            var error = Assert.Throws<ObjectDisposedException>(() => prepared.IsOn(n % 2 == 0 ? user : null));
            Assert.Equal(nameof(PreparedSwitch), error.ObjectName);
        }
        // It is the caller's own: what the client prepared for itself goes on.
        Assert.True(client.IsEnabled("rollout", user));
    }

    [Fact]
    public void A_switch_keeps_its_client_until_it_is_collected_itself()
    {
        WeakReference store = AskLater();
        Collections.Run();
        Assert.False(store.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference AskLater()
        {
            PreparedSwitch prepared = Prepare(out WeakReference store);
            Collections.Run();
            Assert.True(prepared.IsOn(new User("u")));
            Assert.True(store.IsAlive);
            return store;
        }
    }

    [Fact]
    public void A_disposed_switch_lets_go_of_its_client()
    {
        PreparedSwitch prepared = Prepare(out WeakReference store);
        prepared.Dispose();
        Collections.Run();
        Assert.False(store.IsAlive);
        GC.KeepAlive(prepared);
    }

    [Fact]
    public void A_client_that_was_asked_for_switches_is_collected_with_them()
    {
        WeakReference store = Use();
        Collections.Run();
        Assert.False(store.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Use()
        {
            var store = new MapStore();
            FlagstayClient client = Rulesets.Client(Rulesets.Kept(100), store);
            using var user = new User("u");
            Assert.True(client.IsEnabled("kept", user));
            Assert.True(client.IsEnabled("kept", user));
            return new WeakReference(store);
        }
    }

    [Fact]
    public void A_switch_that_is_used_after_its_end_by_a_finalizer_does_no_harm()
    {
        for (int n = 0; n < 50; n++)
        {
            Abandon();
        }
        Collections.Run();
        Assert.True(Late.Asked > 0);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Abandon() => GC.KeepAlive(new Late(Rulesets.Client(Rulesets.Rollout(100)).PrepareSwitch("rollout")));
    }

    // Nothing refers to the client but the switch.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PreparedSwitch Prepare(out WeakReference store)
    {
        var kept = new MapStore();
        store = new WeakReference(kept);
        return Rulesets.Client(Rulesets.Kept(100), kept).PrepareSwitch("kept");
    }

    // Its finalizer may run before or after those of the handles: the answer, or the error of a switch that has ended.
    private sealed class Late(PreparedSwitch prepared) : System.Runtime.ConstrainedExecution.CriticalFinalizerObject
    {
        private static int s_asked;

        public static int Asked => Volatile.Read(ref s_asked);

        ~Late()
        {
            try
            {
                prepared.IsOn(new User("u"));
            }
            catch (ObjectDisposedException)
            {
                // Collected with it, and earlier.
            }
            Interlocked.Increment(ref s_asked);
        }
    }
}
