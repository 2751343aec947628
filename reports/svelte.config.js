import adapter from '@sveltejs/adapter-static';

// One page for every address: the shell is built once, whatever the number of reps.
export default {
	kit: {
		adapter: adapter({ pages: './build', fallback: 'index.html', strict: false })
	}
};
