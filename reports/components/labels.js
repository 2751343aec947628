// Words and numbers as a manager reads them. Nothing here computes a measure.

import { getContext, setContext } from 'svelte';
import { writable } from 'svelte/store';

// a context, not a store of this module: the build holds the module twice, for pages and for the layout
const COMPANY = 'scorecard-company';

/** Called by the layout: the store with what the pages show of the company. */
export const provideCompany = () =>
	setContext(COMPANY, writable({ company_name: '', currency: '', sees: '', reader: '' }));

/** The company's name and currency and what the reader sees of it, once the layout has read them. */
export const getCompany = () => getContext(COMPANY);

const RULES = 'scorecard-rules';

/** Called by the layout: the store with the words of statuses and period types. */
export const provideRules = () =>
	setContext(RULES, writable({ statuses: {}, periodTypes: {}, isRead: false }));

/**
 * The rows of dim_statuses and dim_period_types by their key, in their order. The layout reads them
 * before it shows a page.
 */
export const getRules = () => getContext(RULES);

/** The periods to choose from: the key that queries know, and its label. */
export const periodsOf = ({ periodTypes }) =>
	Object.values(periodTypes).flatMap((type) =>
		type.is_previous_shown
			? [
					[type.period_type, type.current_name],
					[`previous_${type.period_type}`, type.previous_name]
				]
			: [[type.period_type, type.short_name]]
	);

export const NOTHING = '–';

const isMissing = (value) => value === null || value === undefined || Number.isNaN(value);

/** A share in whole per cent, rounded down: 79.6 % must not read as the 80 % it is below. */
export function percent(share) {
	return isMissing(share) ? NOTHING : `${Math.floor(share * 100 + 1e-9)}%`;
}

/** What stands between an actual and its goal: a rate is no part of its goal. */
export const goalWord = (aggregation) => (aggregation === 'ratio' || aggregation === 'mean' ? 'goal' : 'of');

/** How many reps a search left of all: '3 of 12 reps', or '12 reps' where it left all. */
export const countReps = (found, reps) =>
	`${found.length === reps.length ? '' : `${found.length} of `}${reps.length} ${reps.length === 1 ? 'rep' : 'reps'}`;

/** A share that is read for itself, not against an edge: rounded, and certain only when it is. */
export function chance(share) {
	if (isMissing(share)) return NOTHING;
	if (share > 0 && share < 0.005) return 'under 1%';
	if (share < 1 && share >= 0.995) return 'over 99%';
	return `${Math.round(share * 100)}%`;
}

/** What is known of the way to a goal: a chance of exactly 1 or 0 is none. */
export function reach(share) {
	if (isMissing(share)) return 'not known with which chance';
	if (share >= 1) return 'the goal is reached';
	if (share <= 0) return 'the goal is out of reach';
	return `chance to reach it ${chance(share)}`;
}

/** A factor between days: 1 is neutral. */
export function factor(value, digits = 2) {
	return isMissing(value) ? NOTHING : value.toFixed(digits);
}

/** A value of a metric in its unit. */
export function formatValue(value, unit, currency) {
	if (isMissing(value)) return NOTHING;
	if (unit === 'ratio') {
		return new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 }).format(value);
	}
	if (unit === 'money') {
		const options = { maximumFractionDigits: 0 };
		if (currency) Object.assign(options, { style: 'currency', currency });
		return new Intl.NumberFormat('en', options).format(value);
	}
	const digits = Math.abs(value) < 100 ? 1 : 0;
	const number = new Intl.NumberFormat('en', { maximumFractionDigits: digits }).format(value);
	return unit === 'days' ? `${number} days` : number;
}

const day = (text) => new Date(`${text.slice(0, 10)}T00:00:00Z`);

/** '2026-11-18' as '18 Nov 2026'. */
export function formatDay(text, options = { day: 'numeric', month: 'short', year: 'numeric' }) {
	if (!text) return NOTHING;
	return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(day(text));
}

/** '2026-11-18' as '18 Nov'. */
export const formatShortDay = (text) => formatDay(text, { day: 'numeric', month: 'short' });

/** The days on which a goal holds; the day it ends is the first without it. */
export function formatValidity({ valid_from, valid_to }) {
	const from = valid_from && `from ${formatDay(valid_from)}`;
	let until = null;
	if (valid_to) {
		const last = day(valid_to);
		last.setUTCDate(last.getUTCDate() - 1);
		until = `until ${formatDay(last.toISOString())}`;
	}
	return [from, until].filter(Boolean).join(' ') || 'always';
}

/** '2026-11-01' as 'November 2026'. */
export const formatMonth = (text) => formatDay(text, { month: 'long', year: 'numeric' });

/** '2026-11-18 09:30' in UTC as '18 Nov 2026 09:30 UTC'. */
export const formatMoment = (text) => (text ? `${formatDay(text)} ${text.slice(11, 16)} UTC` : NOTHING);

/** The days of a period, with its name where it is a fiscal one. */
export function formatPeriod({ period_id, period_start, period_end }) {
	const days = `${formatDay(period_start)} to ${formatDay(period_end)}`;
	return period_id.startsWith('FY') ? `${period_id}: ${days}` : days;
}

/** 'needs_intervention' as 'Needs intervention'. */
export function sentence(text) {
	if (!text) return NOTHING;
	const words = text.replaceAll('_', ' ');
	return words[0].toUpperCase() + words.slice(1);
}

/** A text that ends like a sentence. */
export function fullStop(text) {
	const trimmed = (text ?? '').trim();
	return !trimmed || /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** The lower edges that hold for a metric and role: the most specific row of each level. */
export function edgesFor(levels, metricId, role) {
	const best = new Map();
	for (const row of levels) {
		if ((row.metric_id && row.metric_id !== metricId) || (row.role && row.role !== role)) continue;
		const rank = (row.metric_id ? 2 : 0) + (row.role ? 1 : 0);
		const known = best.get(row.level);
		if (!known || rank > known.rank) best.set(row.level, { rank, edge: row.min_attainment });
	}
	return [...best.values()].map(({ edge }) => edge).sort((a, b) => a - b);
}

/** A plain array of the rows of a query. */
export function rowsOf(query) {
	return Array.from(query ?? [], (row) => (row.toJSON ? row.toJSON() : { ...row }));
}
