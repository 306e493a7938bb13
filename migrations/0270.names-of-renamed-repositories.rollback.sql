-- Nothing to take back: the earlier comments said less.
select;
