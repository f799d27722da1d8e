// Generated from sdks/openapi.json by sdks/generate/kotlin.py: change that, not this.
package dev.cleanly

import java.io.OutputStream
import kotlin.time.Instant
import kotlinx.coroutines.flow.Flow

/** Where sellers are paid, what they have, and what is paid out. */
public class PayoutsApi internal constructor(private val caller: Caller) {
    /**
     * Where I am paid.
     *
     * At most one per provider, the default first, as last seen. `onboardingUrl` is null here: see `me`.
     */
    public suspend fun accounts(
        options: CallOptions = CallOptions.DEFAULT,
    ): List<PayoutAccount> =
        caller.call(LIST_PAYOUT_ACCOUNTS, Items.serializer(PayoutAccount.serializer()), options).items


    /**
     * Say where I want to be paid.
     *
     * One per provider: asked for again, it is answered as it stands (200), with a fresh `onboardingUrl`.
     *
     * The first is the default, by which payouts go. One that the provider has closed is replaced by a new one.
     *
     * @param country ISO 3166-1 alpha-2
     * @param currencies In which the seller will sell; others may come
     */
    public suspend fun openAccount(
        provider: Provider,
        country: String,
        currencies: List<String>? = null,
        payee: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutAccount =
        caller.call(OPEN_PAYOUT_ACCOUNT, PayoutAccount.serializer(), options, body = bodyOf(PayoutAccountBody.serializer(), PayoutAccountBody(provider = provider, country = country, currencies = currencies, payee = payee)))


    /**
     * How far my onboarding is.
     *
     * The default account, or the one at `provider`. The provider is asked, at most every two seconds.
     *
     * While something is missing, `onboardingUrl` is a fresh link for a single visit: open it at once, never keep it.
     */
    public suspend fun myAccount(
        provider: Provider? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutAccount =
        caller.call(READ_MY_PAYOUT_ACCOUNT, PayoutAccount.serializer(), options, query = arrayOf("provider" to provider?.wire))


    /**
     * Send my money elsewhere.
     *
     * Another PayPal payee, or another account for payouts. Payouts to a new place rest for some days first.
     *
     * A bank account at Stripe is changed in Stripe's own pages.
     *
     * @param id A payout account's id
     */
    public suspend fun changeAccount(
        id: String,
        currentPassword: String,
        payee: String? = null,
        isDefault: Boolean? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutAccount =
        caller.call(CHANGE_PAYOUT_ACCOUNT, PayoutAccount.serializer(), options, path = arrayOf(id), body = bodyOf(PayoutAccountChangeBody.serializer(), PayoutAccountChangeBody(currentPassword = currentPassword, payee = payee, isDefault = isDefault)))


    /**
     * What I have, per currency.
     *
     * All of it at one moment. Empty for who has never sold anything.
     */
    public suspend fun balance(
        options: CallOptions = CallOptions.DEFAULT,
    ): List<Balance> =
        caller.call(READ_BALANCE, Items.serializer(Balance.serializer()), options).items


    /**
     * What happened to my money.
     *
     * Newest first. As CSV the whole of it is sent as one file, narrowed by the same filters, without pages.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param type What happened: `refund.made`, or `refund` for all that begin so
     * @param from The first instant, or a date in UTC
     * @param to The instant, or the date in UTC, before which it ends
     * @param object A payment's id, with its refunds and disputes; or one of these alone
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun transactions(
        type: String? = null,
        currency: String? = null,
        from: Instant? = null,
        to: Instant? = null,
        `object`: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Transaction> =
        pages { next -> caller.call(LIST_TRANSACTIONS, Page.serializer(Transaction.serializer()), options, query = arrayOf("limit" to pageSize, "cursor" to next, "type" to type, "currency" to currency, "from" to from, "to" to to, "object" to `object`)) }

    /**
     * What happened to my money.
     *
     * Newest first. As CSV the whole of it is sent as one file, narrowed by the same filters, without pages.
     *
     * One page.
     *
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     * @param type What happened: `refund.made`, or `refund` for all that begin so
     * @param from The first instant, or a date in UTC
     * @param to The instant, or the date in UTC, before which it ends
     * @param object A payment's id, with its refunds and disputes; or one of these alone
     */
    public suspend fun transactionsPage(
        limit: Int? = null,
        cursor: String? = null,
        type: String? = null,
        currency: String? = null,
        from: Instant? = null,
        to: Instant? = null,
        `object`: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Transaction> =
        caller.call(LIST_TRANSACTIONS, Page.serializer(Transaction.serializer()), options, query = arrayOf("limit" to limit, "cursor" to cursor, "type" to type, "currency" to currency, "from" to from, "to" to to, "object" to `object`))

    /**
     * What happened to my money.
     *
     * Newest first. As CSV the whole of it is sent as one file, narrowed by the same filters, without pages.
     *
     * The same as CSV, of any length; answers with the number of bytes.
     *
     * @param into Written to while it comes; not closed. After a failure it is not whole.
     * @param type What happened: `refund.made`, or `refund` for all that begin so
     * @param from The first instant, or a date in UTC
     * @param to The instant, or the date in UTC, before which it ends
     * @param object A payment's id, with its refunds and disputes; or one of these alone
     */
    public suspend fun transactionsCsv(
        into: OutputStream,
        type: String? = null,
        currency: String? = null,
        from: Instant? = null,
        to: Instant? = null,
        `object`: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Long =
        caller.download(LIST_TRANSACTIONS, into, options, query = arrayOf("type" to type, "currency" to currency, "from" to from, "to" to to, "object" to `object`), accept = "text/csv")


    /**
     * A month's statement.
     *
     * Opening balance and the sums by type make the closing balance, which the next month opens with.
     *
     * @param month Year and month, in UTC
     */
    public suspend fun statement(
        month: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Statement =
        caller.call(READ_STATEMENT, Statement.serializer(), options, path = arrayOf(month))

    /**
     * A month's statement.
     *
     * Opening balance and the sums by type make the closing balance, which the next month opens with.
     *
     * The same as CSV, of any length; answers with the number of bytes.
     *
     * @param into Written to while it comes; not closed. After a failure it is not whole.
     * @param month Year and month, in UTC
     */
    public suspend fun statementCsv(
        into: OutputStream,
        month: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Long =
        caller.download(READ_STATEMENT, into, options, path = arrayOf(month), accept = "text/csv")


    /**
     * Pay out what is available.
     *
     * Set the amount aside and send it to where payouts go now. One at a time per currency.
     *
     * The first, an unusual one, and one soon after a change of the destination wait until somebody has looked at them.
     */
    public suspend fun request(
        amount: Long,
        currency: String,
        provider: Provider? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Payout =
        caller.call(REQUEST_PAYOUT, Payout.serializer(), options, body = bodyOf(PayoutBody.serializer(), PayoutBody(amount = amount, currency = currency, provider = provider)))


    /**
     * My payouts.
     *
     * Newest first.
     *
     * Every collection begins at the first page; the next page is asked for when it is needed.
     *
     * @param pageSize Rows per call, 1 to 100.
     */
    public fun list(
        state: PayoutState? = null,
        currency: String? = null,
        pageSize: Int? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Flow<Payout> =
        pages { next -> caller.call(LIST_PAYOUTS, Page.serializer(Payout.serializer()), options, query = arrayOf("limit" to pageSize, "cursor" to next, "state" to state?.wire, "currency" to currency)) }

    /**
     * My payouts.
     *
     * Newest first.
     *
     * One page.
     *
     * @param limit Rows per page
     * @param cursor `nextCursor` of the page before
     */
    public suspend fun listPage(
        limit: Int? = null,
        cursor: String? = null,
        state: PayoutState? = null,
        currency: String? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): Page<Payout> =
        caller.call(LIST_PAYOUTS, Page.serializer(Payout.serializer()), options, query = arrayOf("limit" to limit, "cursor" to cursor, "state" to state?.wire, "currency" to currency))


    /**
     * Look at a payout.
     *
     * One's own.
     *
     * @param id The payout's id
     */
    public suspend fun read(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Payout =
        caller.call(READ_PAYOUT, Payout.serializer(), options, path = arrayOf(id))


    /**
     * Give a payout up.
     *
     * While it has not left: the money is available again at once.
     *
     * @param id The payout's id
     */
    public suspend fun cancel(
        id: String,
        options: CallOptions = CallOptions.DEFAULT,
    ): Payout =
        caller.call(CANCEL_PAYOUT, Payout.serializer(), options, path = arrayOf(id))


    /**
     * When I am paid out.
     *
     * By hand, unless something else was set.
     */
    public suspend fun schedule(
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutSchedule =
        caller.call(READ_PAYOUT_SCHEDULE, PayoutSchedule.serializer(), options)


    /**
     * Choose when I am paid out.
     *
     * At 06:00 UTC of the day. What a bank can't take exactly, and what is below the minimum, stays available.
     */
    public suspend fun setSchedule(
        interval: PayoutInterval,
        weekday: Int? = null,
        day: Int? = null,
        minimums: List<Money>? = null,
        options: CallOptions = CallOptions.DEFAULT,
    ): PayoutSchedule =
        caller.call(SET_PAYOUT_SCHEDULE, PayoutSchedule.serializer(), options, body = bodyOf(PayoutScheduleBody.serializer(), PayoutScheduleBody(interval = interval, weekday = weekday, day = day, minimums = minimums)))


    private companion object {
        val LIST_PAYOUT_ACCOUNTS = Operation("list_payout_accounts", "GET", "/payout-accounts")
        val OPEN_PAYOUT_ACCOUNT = Operation("open_payout_account", "POST", "/payout-accounts")
        val READ_MY_PAYOUT_ACCOUNT = Operation("read_my_payout_account", "GET", "/payout-accounts/me")
        val CHANGE_PAYOUT_ACCOUNT = Operation("change_payout_account", "PUT", "/payout-accounts/{id}")
        val READ_BALANCE = Operation("read_balance", "GET", "/balance")
        val LIST_TRANSACTIONS = Operation("list_transactions", "GET", "/transactions")
        val READ_STATEMENT = Operation("read_statement", "GET", "/statements/{month}")
        val REQUEST_PAYOUT = Operation("request_payout", "POST", "/payouts")
        val LIST_PAYOUTS = Operation("list_payouts", "GET", "/payouts")
        val READ_PAYOUT = Operation("read_payout", "GET", "/payouts/{id}")
        val CANCEL_PAYOUT = Operation("cancel_payout", "POST", "/payouts/{id}/cancel")
        val READ_PAYOUT_SCHEDULE = Operation("read_payout_schedule", "GET", "/payout-schedule")
        val SET_PAYOUT_SCHEDULE = Operation("set_payout_schedule", "PUT", "/payout-schedule")
    }
}
